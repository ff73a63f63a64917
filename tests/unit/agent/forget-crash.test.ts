import { describe, expect, it } from 'vitest';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  recoverByWords,
  revive,
  rowsHeld,
  rowsPlaced,
  smallTree,
} from './support.ts';
import type { MemorySource, Team } from './support.ts';

const MOMENTS = 20;

/** Two snapshots; the first one's packs are half dead without it. */
async function prepared(seed: string): Promise<{ team: Team; source: MemorySource }> {
  const team = await makeTeam(makeWorld(seed), 3);
  const source = smallTree();
  await team.owner.agent.backup([source]);
  source.set('a/noise.bin', noise(151_000, 33));
  await team.owner.agent.backup([source]);
  return { team, source };
}

async function crashAndGoOn(moment: number, operation: number): Promise<void> {
  const { team, source } = await prepared(`forget crash ${moment}`);
  const { owner, holders, world } = team;
  const content = await contentOf(source);
  owner.device.disk.crashAt(operation);
  const forgotten = owner.agent.forget({ last: 1 }).catch(() => undefined);
  const killed = async (): Promise<void> => {
    while (owner.device.running) await world.clock.sleep(50);
  };
  // A program that was killed may wait for ever.
  await Promise.race([forgotten, killed()]);
  owner.device.disk.crashAt(undefined);
  await revive(owner);
  await world.clock.sleep(10_000);
  await expectWhole(owner.agent, content);
  await expectWhole(await recoverByWords(world, owner.words, 'at once'), content);
  await owner.agent.forget({ last: 1 });
  const { health, snapshot, readBytes } = await owner.agent.backup([source]);
  expect(health).toBe('protected');
  expect(readBytes).toBe(0);
  expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
  await expectWhole(owner.agent, content, snapshot);
  world.close();
}

describe('an owner killed in the middle of forgetting', () => {
  it('frees nothing that is needed and leaves nothing that is not, whenever it was', async () => {
    const { team } = await prepared('forget crash: length');
    const { disk } = team.owner.device;
    const from = disk.operations;
    await team.owner.agent.forget({ last: 1 });
    const operations = disk.operations - from;
    team.world.close();
    for (let moment = 0; moment < MOMENTS; moment++) {
      await crashAndGoOn(moment, 1 + Math.floor((moment * operations) / MOMENTS)).catch((error: unknown) => {
        throw new Error(`killed at moment ${moment} of ${MOMENTS}, of ${operations} operations`, {
          cause: error,
        });
      });
    }
  });
});
