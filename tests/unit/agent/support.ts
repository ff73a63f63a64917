import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import { MemorySink } from '../../../src/adapters/memory/memory-sink.ts';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { expect } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import type { AgentApi, RestoreReport } from '../../../src/agent/api.ts';
import { decodeHeldRow } from '../../../src/agent/host/held-row.ts';
import { decodePlacement } from '../../../src/agent/repository/records.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { TABLES } from '../../../src/agent/store/tables.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import type { SnapshotId } from '../../../src/core/ids.ts';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { GIB } from '../../../src/core/limits.ts';

/** A cooperative in one process, on real WebCrypto for speed. */
export function makeWorld(seed: string): MemoryWorld {
  return createMemoryWorld({
    seed,
    mode: 'auto',
    suite: createWebCryptoSuite(globalThis.crypto.subtle),
    codec: createCodecOperations,
  });
}

export interface Team {
  readonly world: MemoryWorld;
  readonly owner: { readonly device: MemoryDevice; agent: AgentApi; readonly words: string };
  readonly holders: { readonly device: MemoryDevice; agent: AgentApi }[];
  readonly invite: string;
}

/** An owner who founded a cooperative and `holders` members that give space and are online. */
export async function makeTeam(world: MemoryWorld, holders: number): Promise<Team> {
  const device = world.device('owner');
  const agent = await createAgent(device.platform);
  const { words } = await agent.createAccount();
  const { invite } = await agent.found('Family', 'Ada');
  const team: Team = { world, owner: { device, agent, words }, holders: [], invite };
  await agent.start();
  for (let i = 0; i < holders; i++) {
    const holder = world.device(`holder-${i}`);
    const member = await createAgent(holder.platform);
    await member.createAccount();
    await member.setOffer(10 * GIB);
    await member.join(invite, `Holder ${i}`);
    await member.start();
    team.holders.push({ device: holder, agent: member });
  }
  // Listings go to the directory a moment after a device starts.
  await agentClock(world);
  return team;
}

/** Bytes that do not compress, the same for one seed. */
export function noise(length: number, seed: number): Bytes {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A small tree with all kinds of entries. */
export function sampleTree(): MemorySource {
  return new MemorySource('docs', {
    'readme.txt': 'hello roost',
    'empty.bin': new Uint8Array(0),
    'deep/er/and/deeper/ünïcode – 名前.txt': 'names are kept',
    'deep/large.bin': noise(3_000_000, 7),
    'deep/copy-of-large.bin': noise(3_000_000, 7),
    'nothing inside': { folder: true },
    link: { link: 'readme.txt' },
    ...Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`many/file-${i}.txt`, `file ${i} `.repeat(i)]),
    ),
  });
}

/** Content of a source by path, as a restore of it should give. */
export async function contentOf(source: MemorySource): Promise<Map<string, Bytes>> {
  const files = new Map<string, Bytes>();
  for await (const entry of source.entries()) {
    if (entry.kind === 'file')
      files.set(`${source.name}/${entry.path}`, await source.read(entry.path, 0, entry.size));
  }
  return files;
}

export { MemorySink, MemorySource };

async function agentClock(world: MemoryWorld): Promise<void> {
  await world.clock.sleep(10_000);
}

/** A smaller tree for tests that run many times: a few hundred KB in many files. */
export function smallTree(): MemorySource {
  return new MemorySource('docs', {
    'readme.txt': 'hello roost',
    'empty.bin': new Uint8Array(0),
    'a/noise.bin': noise(150_000, 3),
    'a/b/more.bin': noise(60_000, 4),
    ...Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`many/file-${i}.txt`, `file ${i} `.repeat(i)]),
    ),
  });
}

/** Starts a device's program again on its disk, and its agent. */
export async function revive(who: { readonly device: MemoryDevice; agent: AgentApi }): Promise<void> {
  who.agent = await createAgent(who.device.restart());
  await who.agent.start();
}

/** Restores one snapshot (the newest when none is named) and gives the files by path. */
export async function restoreFiles(
  agent: AgentApi,
  snapshot?: SnapshotId,
): Promise<{ files: Map<string, Bytes>; report: RestoreReport; sink: MemorySink }> {
  const id = snapshot ?? (await agent.snapshots())[0]?.snapshot;
  if (!id) throw new Error('no snapshot');
  const sink = new MemorySink({ parallel: 4 });
  const report = await agent.restore(id, { sink, paths: [] });
  const files = new Map(
    [...sink.collected].filter(([, f]) => f.kind === 'file').map(([p, f]) => [p, f.bytes]),
  );
  return { files, report, sink };
}

/** The files of a snapshot are exactly these, byte for byte. */
export async function expectWhole(
  agent: AgentApi,
  expected: ReadonlyMap<string, Bytes>,
  snapshot?: SnapshotId,
): Promise<RestoreReport> {
  const { files, report } = await restoreFiles(agent, snapshot);
  expect(report.failed).toEqual([]);
  expect([...files.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [path, bytes] of expected) expect(equalBytes(files.get(path)!, bytes), path).toBe(true);
  return report;
}

/** A device that has nothing but the words. */
export async function recoverByWords(world: MemoryWorld, words: string, name: string): Promise<AgentApi> {
  const agent = await createAgent(world.device(name).platform);
  await agent.useWords(words);
  await agent.recover();
  return agent;
}

/** Rows on the disks of holders, as `agreement/row pack/shard`. */
export function rowsHeld(holders: readonly { readonly device: MemoryDevice }[]): string[] {
  return holders
    .flatMap(({ device }) => rowsOf(device, TABLES.heldRows).map(decodeHeldRow))
    .filter(({ lost }) => !lost)
    .map((row) => `${row.agreement}/${row.row} ${row.packId}/${row.shard}`)
    .sort();
}

/** Rows that an owner believes to be held. */
export function rowsPlaced(device: MemoryDevice): string[] {
  return rowsOf(device, OWNER_TABLES.placements)
    .map(decodePlacement)
    .map((row) => `${row.agreement}/${row.row} ${row.packId}/${row.shard}`)
    .sort();
}

export function rowsOf(device: MemoryDevice, table: string): Bytes[] {
  return (device.disk.tables.get(table)?.scan({ limit: 10_000 }) ?? []).map(({ value }) => value);
}

/** Lines of an event in the owner's activity. */
export function told({ owner }: Team, event: string): number {
  return owner.agent.state.activity.filter((entry) => entry.event === event).length;
}
