import { describe, expect, it } from 'vitest';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  recoverByWords,
  revive,
  rowsHeld,
  rowsPlaced,
  smallTree,
} from './support.ts';

const MOMENTS = 50;
const BACK_AFTER_MS = 3_000;

/** Operations of a holder's disk in one backup. */
async function operationsOfHolder(): Promise<number> {
  const team = await makeTeam(makeWorld('holder crash: length'), 3);
  const { disk } = team.holders[1]!.device;
  const from = disk.operations;
  await team.owner.agent.backup([smallTree()]);
  team.world.close();
  return disk.operations - from;
}

async function crashAndGoOn(moment: number, operation: number): Promise<void> {
  const team = await makeTeam(makeWorld(`holder crash ${moment}`), 3);
  const { owner, world, holders } = team;
  const source = smallTree();
  const holder = holders[1]!;
  const { disk } = holder.device;
  const deaths: number[] = [];
  const back = new Promise<void>((resolve, reject) => {
    world.clock.after(1, function look() {
      if (!disk.crashed) {
        world.clock.after(100, look);
        return;
      }
      deaths.push(world.clock.now());
      world.clock.after(BACK_AFTER_MS, () => void revive(holder).then(resolve, reject));
    });
  });
  disk.crashAt(operation);
  const report = await owner.agent.backup([source]);
  if (deaths.length === 0) holder.device.crash();
  await back;
  const content = await contentOf(source);
  expect(report.unreadable).toEqual([]);
  await expectWhole(owner.agent, content, report.snapshot);
  await world.clock.sleep(30_000);
  const again = await owner.agent.backup([source]);
  expect(again.health, JSON.stringify(owner.agent.state.health)).toBe('protected');
  expect(again.readBytes).toBe(0);
  expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
  if (moment % 5 === 0)
    await expectWhole(await recoverByWords(world, owner.words, 'fresh'), content, report.snapshot);
  world.close();
}

describe('a holder killed while it stores, and back soon', () => {
  it('costs no run and no byte, whenever it was', async () => {
    const operations = await operationsOfHolder();
    for (let moment = 0; moment < MOMENTS; moment++) {
      await crashAndGoOn(moment, 1 + Math.floor((moment * operations) / MOMENTS)).catch((error: unknown) => {
        throw new Error(`killed at moment ${moment} of ${MOMENTS}, of ${operations} operations`, {
          cause: error,
        });
      });
    }
  });
});
