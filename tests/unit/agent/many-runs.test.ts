import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import { decodeOwnHead, decodeStoredPack } from '../../../src/agent/repository/records.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { GIB } from '../../../src/core/limits.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { SnapshotId } from '../../../src/core/ids.ts';
import {
  contentOf,
  expectWhole,
  makeTeam,
  makeWorld,
  noise,
  recoverByWords,
  restoreFiles,
  rowsHeld,
  rowsOf,
  rowsPlaced,
  smallTree,
} from './support.ts';
import type { Team } from './support.ts';

const RUNS = 70;

function journalPacks({ owner }: Team): number {
  return decodeOwnHead(owner.device.disk.tables.get(OWNER_TABLES.state)!.get('own')!).index.length;
}

describe('many runs in a row', () => {
  it('write the journal anew in time, free its old packs, and keep every snapshot readable', async () => {
    const team = await makeTeam(makeWorld('many runs'), 3);
    const { owner, holders, world } = team;
    const source = smallTree();
    const saved: { snapshot: SnapshotId; content: Map<string, Bytes> }[] = [];
    let most = 0;
    for (let run = 0; run < RUNS; run++) {
      source.set(`runs/${run}.txt`, noise(2_000, run));
      if (run > 5) source.remove(`runs/${run - 5}.txt`);
      const { snapshot, health } = await owner.agent.backup([source]);
      expect(health).toBe('protected');
      most = Math.max(most, journalPacks(team));
      if (run % 10 === 0 || run === RUNS - 1) saved.push({ snapshot, content: await contentOf(source) });
    }
    expect(most).toBeLessThanOrEqual(65);
    expect(journalPacks(team)).toBeLessThan(20);
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    expect(await fresh.snapshots()).toHaveLength(RUNS);
    for (const agent of [owner.agent, fresh])
      for (const { snapshot, content } of saved) await expectWhole(agent, content, snapshot);
    const { forgotten } = await owner.agent.forget({ last: 2 });
    expect(forgotten).toHaveLength(RUNS - 2);
    await expectWhole(owner.agent, saved.at(-1)!.content, saved.at(-1)!.snapshot);
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    const later = await recoverByWords(world, owner.words, 'later');
    expect(await later.snapshots()).toHaveLength(2);
    await expectWhole(later, saved.at(-1)!.content, saved.at(-1)!.snapshot);
    world.close();
  });

  it('leave no pack with a weak code once more partners are in reach', async () => {
    const world = makeWorld('weak codes');
    const team = await makeTeam(world, 3);
    const { owner } = team;
    const source = smallTree();
    await owner.agent.backup([source]);
    const codes = (): number[] =>
      rowsOf(owner.device, OWNER_TABLES.packs)
        .map(decodeStoredPack)
        .map(({ code }) => code.k);
    expect(Math.max(...codes())).toBe(1);
    for (let i = 0; i < 9; i++) {
      const agent = await createAgent(world.device(`later-${i}`).platform);
      await agent.createAccount();
      await agent.setOffer(GIB);
      await agent.join(team.invite, `Later ${i}`);
      await agent.start();
    }
    await world.clock.sleep(10_000);
    source.set('more.txt', noise(2_000, 1));
    const { snapshot } = await owner.agent.backup([source]);
    await owner.agent.forget({ last: 2 });
    expect(Math.min(...codes())).toBeGreaterThanOrEqual(2);
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    await expectWhole(fresh, await contentOf(source), snapshot);
    world.close();
  });

  it('leave few small packs behind when old snapshots are forgotten, and every snapshot that is kept readable', async () => {
    const team = await makeTeam(makeWorld('small packs'), 3);
    const { owner, holders, world } = team;
    const source = smallTree();
    const saved: { snapshot: SnapshotId; content: Map<string, Bytes> }[] = [];
    const packs = (): number =>
      rowsOf(owner.device, OWNER_TABLES.packs)
        .map(decodeStoredPack)
        .filter(({ journal }) => !journal).length;
    for (let run = 0; run < 12; run++) {
      // Each run leaves something that the newest snapshots need, so that no pack dies.
      source.set(`runs/${run}.txt`, noise(2_000, run));
      const { snapshot } = await owner.agent.backup([source]);
      saved.push({ snapshot, content: await contentOf(source) });
    }
    expect(packs()).toBe(24);
    await owner.agent.forget({ last: 3 });
    expect(packs()).toBeLessThanOrEqual(8);
    expect(rowsHeld(holders)).toEqual(rowsPlaced(owner.device));
    const fresh = await recoverByWords(world, owner.words, 'fresh');
    for (const agent of [owner.agent, fresh])
      for (const { snapshot, content } of saved.slice(-3)) await expectWhole(agent, content, snapshot);
    world.close();
  });

  it('name exactly the files that cannot be had when k + 1 holders of their pieces are gone', async () => {
    const team = await makeTeam(makeWorld('exactly'), 6);
    const { owner, holders, world } = team;
    const source = smallTree();
    // Only three members hold the first run; the second goes to others.
    for (const { agent } of holders.slice(3)) await agent.setOffer(0);
    await world.clock.sleep(5_000);
    await owner.agent.backup([source], { code: 'parity:2+1' });
    const first = await contentOf(source);
    for (const { agent } of holders.slice(0, 3)) await agent.setOffer(0);
    for (const { agent } of holders.slice(3)) await agent.setOffer(10 ** 10);
    await world.clock.sleep(5_000);
    source.set('later/only.bin', noise(100_000, 5));
    source.set('readme.txt', 'changed since then');
    const { snapshot } = await owner.agent.backup([source], { code: 'parity:2+1' });
    for (const { device } of holders.slice(0, 2)) device.crash();
    const { files, report } = await restoreFiles(owner.agent, snapshot);
    const expected = await contentOf(source);
    const fresh = ['docs/later/only.bin', 'docs/readme.txt', 'docs/empty.bin', 'docs/many/file-0.txt'];
    const lost = [...first.keys()].filter((path) => !fresh.includes(path));
    expect(report.failed.map(({ path }) => path).sort()).toEqual(lost.sort());
    for (const path of files.keys()) expect(files.get(path), path).toEqual(expected.get(path));
    expect([...files.keys()].sort()).toEqual(fresh.sort());
    world.close();
  });
});
