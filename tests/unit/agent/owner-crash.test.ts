import { describe, expect, it } from 'vitest';
import { openHead } from '../../../src/core/snapshot/head.ts';
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

const MOMENTS = 50;

/** A saved folder, and what changed in it since. */
async function prepared(
  seed: string,
): Promise<{ team: Team; source: MemorySource; before: Map<string, Uint8Array<ArrayBuffer>> }> {
  const team = await makeTeam(makeWorld(seed), 3);
  const source = smallTree();
  await team.owner.agent.backup([source]);
  const before = await contentOf(source);
  source.set('a/fresh.bin', noise(200_000, 11));
  source.set('many/file-3.txt', 'changed');
  source.remove('a/b');
  return { team, source, before };
}

/** Sequence numbers of the owner's heads, as holders saw them: equal numbers must mean equal bytes. */
function watchHeads(team: Team, seen: Map<number, string>, clashes: number[]): void {
  const { broker } = team.world;
  const leave = broker.leaveHead.bind(broker);
  broker.leaveHead = (client, id, head) => {
    void (async () => {
      const keys = await team.owner.device.platform.vault.loadAccount().catch(() => undefined);
      if (!keys) return;
      const { seq } = await openHead(team.owner.device.platform.crypto, keys, head);
      const hex = Buffer.from(head).toString('hex');
      if (seen.has(seq) && seen.get(seq) !== hex) clashes.push(seq);
      seen.set(seq, hex);
    })();
    leave(client, id, head);
  };
}

async function killed({ owner, world }: Team): Promise<void> {
  while (owner.device.running) await world.clock.sleep(50);
}

async function crashAndGoOn(moment: number, operation: number): Promise<void> {
  const { team, source, before } = await prepared(`owner crash ${moment}`);
  const { owner, world, holders } = team;
  const seen = new Map<number, string>();
  const clashes: number[] = [];
  watchHeads(team, seen, clashes);
  owner.device.disk.crashAt(operation);
  const run = owner.agent.backup([source]).then(
    () => undefined,
    () => undefined,
  );
  // A program that was killed may wait for ever.
  await Promise.race([run, killed(team)]);
  owner.device.disk.crashAt(undefined);
  await revive(owner);
  // What was acknowledged is there at once.
  const first = (await owner.agent.snapshots()).at(-1)!;
  await expectWhole(owner.agent, before, first.snapshot);
  const report = await owner.agent.backup([source]);
  expect(report.unreadable).toEqual([]);
  expect(report.health, JSON.stringify(owner.agent.state.health)).toBe('protected');
  const after = await contentOf(source);
  await expectWhole(owner.agent, after, report.snapshot);
  await expectWhole(owner.agent, before, first.snapshot);
  expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
  expect(clashes).toEqual([]);
  if (moment % 5 === 0) {
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    await expectWhole(fresh, after, report.snapshot);
    await expectWhole(fresh, before, first.snapshot);
  }
  world.close();
}

describe('an owner killed in the middle of a backup', () => {
  it('loses nothing acknowledged, goes on, and leaves no orphan rows, whenever it was', async () => {
    const { team, source } = await prepared('owner crash: length');
    const from = team.owner.device.disk.operations;
    await team.owner.agent.backup([source]);
    const operations = team.owner.device.disk.operations - from;
    team.world.close();
    expect(operations).toBeGreaterThan(MOMENTS);
    for (let moment = 0; moment < MOMENTS; moment++) {
      await crashAndGoOn(moment, 1 + Math.floor((moment * operations) / MOMENTS)).catch((error: unknown) => {
        throw new Error(`killed at moment ${moment} of ${MOMENTS}`, { cause: error });
      });
    }
  });
});
