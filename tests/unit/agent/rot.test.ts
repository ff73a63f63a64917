import { describe, expect, it } from 'vitest';
import { decodeHeldRow } from '../../../src/agent/host/held-row.ts';
import { decodeOwnHead } from '../../../src/agent/repository/records.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { TABLES } from '../../../src/agent/store/tables.ts';
import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  recoverByWords,
  restoreFiles,
  revive,
  smallTree,
} from './support.ts';
import type { Team } from './support.ts';

/** Flips a bit in the first bytes of every shard that a holder keeps, or of those that the test picks. */
function rotShards(device: MemoryDevice, pick: (pack: string) => boolean = () => true): number {
  const rows = device.disk.tables.get(TABLES.heldRows)?.scan({ limit: 1_000 }) ?? [];
  let flipped = 0;
  for (const { value } of rows) {
    const { volume, offset, bytes, packId } = decodeHeldRow(value);
    if (!pick(packId)) continue;
    for (const at of [0, bytes >> 1, bytes - 1]) device.disk.flip(volume, offset + at);
    flipped++;
  }
  return flipped;
}

/** Packs of the journal that the owner's head names. */
function journalPacks({ owner }: Team): ReadonlySet<string> {
  const row = owner.device.disk.tables.get(OWNER_TABLES.state)!.get('own')!;
  return new Set(decodeOwnHead(row).index.map(({ packId }) => packId));
}

function flipRow(device: MemoryDevice, table: string, at: (length: number) => number): void {
  const rows = device.disk.tables.get(table)!;
  for (const { key, value } of rows.scan({ limit: 1_000 })) {
    value[at(value.length)]! ^= 1;
    rows.put(key, value);
  }
}

describe('bits that rot', () => {
  it('names the holder whose pieces went bad and reads elsewhere', async () => {
    const team = await makeTeam(makeWorld('rot in volumes'), 4);
    const { owner, holders, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    for (const { device } of holders.slice(0, 2)) expect(rotShards(device)).toBeGreaterThan(0);
    const report = await expectWhole(owner.agent, await contentOf(source));
    const bad = new Set(holders.slice(0, 2).map(({ device }) => device.device));
    expect(report.corrected.length).toBeGreaterThan(0);
    for (const { device, segments } of report.corrected) {
      expect(bad.has(device)).toBe(true);
      expect(segments).toBeGreaterThan(0);
    }
    world.close();
  });

  it('gives no wrong byte out when too many pieces went bad, and names the files', async () => {
    const team = await makeTeam(makeWorld('rot everywhere'), 3);
    const { owner, holders, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    for (const { device } of holders) rotShards(device);
    const expected = await contentOf(source);
    const { files, report } = await restoreFiles(owner.agent);
    for (const [path, bytes] of files) expect(bytes, path).toEqual(expected.get(path));
    expect(files.size + report.failed.length).toBe(expected.size);
    expect(report.failed.length).toBeGreaterThan(0);
    world.close();
  });

  it('recovers by words though one holder has rotten journal pieces', async () => {
    const team = await makeTeam(makeWorld('rot in the journal'), 4);
    const { owner, holders, world } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    const journal = journalPacks(team);
    for (const { device } of holders.slice(0, 2))
      expect(rotShards(device, (id) => journal.has(id))).toBeGreaterThan(0);
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    await expectWhole(fresh, await contentOf(source));
    world.close();
  });

  it.each([0, 10, 40, 90])(
    'recovers by words though holders and broker keep rotten heads (at %i of 100)',
    async (percent) => {
      const team = await makeTeam(makeWorld(`rot in heads ${percent}`), 4);
      const { owner, holders, world } = team;
      const source = smallTree();
      await owner.agent.backup([source]);
      for (const { device } of holders.slice(0, 2)) {
        flipRow(device, TABLES.heldHeads, (length) =>
          Math.min(length - 1, 8 + Math.floor(((length - 8) * percent) / 100)),
        );
      }
      // What holders keep is told to the broker a moment later.
      await world.clock.sleep(5_000);
      const take = world.broker.takeHeads.bind(world.broker);
      world.broker.takeHeads = (id) =>
        take(id).map((head) => {
          head[Math.floor(((head.length - 1) * percent) / 100)]! ^= 4;
          return head;
        });
      const fresh = await recoverByWords(world, owner.words, 'fresh');
      await expectWhole(fresh, await contentOf(source));
      world.close();
    },
  );

  it.each([0, 25, 50, 75, 99])(
    'lives with a rotten ledger row at a holder (at %i of 100)',
    async (percent) => {
      const team = await makeTeam(makeWorld(`rot in ledger rows ${percent}`), 3);
      const { owner, holders, world } = team;
      const source = smallTree();
      await owner.agent.backup([source]);
      const [holder] = holders;
      flipRow(holder!.device, TABLES.heldRows, (length) => Math.floor(((length - 1) * percent) / 100));
      const content = await contentOf(source);
      await expectWhole(owner.agent, content);
      await revive(holder!);
      await world.clock.sleep(20_000);
      await expectWhole(owner.agent, content);
      const report = await owner.agent.backup([source]);
      await expectWhole(owner.agent, content, report.snapshot);
      await expectWhole(await recoverByWords(world, owner.words, 'fresh'), content, report.snapshot);
      world.close();
    },
  );
});
