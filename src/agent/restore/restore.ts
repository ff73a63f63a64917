import type { Bytes } from '../../core/bytes.ts';
import type { Fault } from '../../core/errors.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { ChunkId, PackId } from '../../core/ids.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { safeParts } from '../../core/snapshot/safe-path.ts';
import type { Snapshot, TreeEntry } from '../../core/snapshot/types.ts';
import type { FileWriter, RestoredEntry, Sink } from '../../ports/sink.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { Gate } from '../gate.ts';
import { mapLimited, mapWeighted } from '../../core/limiter.ts';
import { PACK_TARGET_BYTES } from '../../core/limits.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import type { Repository } from '../repository/repository.ts';
import { findEntry, readTree } from '../repository/tree-reader.ts';
import type { ChunkReader, ReadPlan } from './chunk-reader.ts';
import { findFilesThere } from './files-there.ts';

/** Packs whose sealed bytes are fetched ahead of the file being written. */
const PACKS_AHEAD = 2;
const LOOKUP_BATCH = 1_000;
/** Bytes of files that are written side by side, or a single larger one: they lie in few packs, each of which is fetched once. */
const BYTES_AT_ONCE = 2 * PACK_TARGET_BYTES;
/** Folders that name each other's content many times over could make more entries than any disk has: 2^depth of them. */
const ENTRIES_MAX = 10_000_000;

export interface RestoreRun {
  readonly repository: Repository;
  readonly reader: ChunkReader;
  /** the id of a chunk with these bytes */
  readonly nameChunk: (bytes: Bytes) => Promise<ChunkId>;
  readonly snapshot: Snapshot;
  /** files and folders by path; all when empty */
  readonly paths: readonly string[];
  readonly sink: Sink;
  readonly meter: ProgressMeter;
  readonly gate: Gate;
  readonly signal: AbortSignalLike | undefined;
}

export interface RestoreOutcome {
  readonly files: number;
  readonly bytes: number;
  /** of the files, those that lay in the target already */
  readonly kept: number;
  readonly failed: readonly { readonly path: string; readonly fault: Fault; readonly reason: string }[];
}

interface Found {
  readonly path: string;
  readonly entry: TreeEntry;
}

/**
 * Restores a selection of a snapshot; what cannot be had is named and the rest goes on.
 * @throws RoostError 'full' when the target is: nothing that follows would have room
 */
export async function restoreSnapshot(run: RestoreRun): Promise<RestoreOutcome> {
  const failed: { path: string; fault: Fault; reason: string }[] = [];
  const wanted = { files: 0, bytes: 0 };
  const written = { files: 0, bytes: 0 };
  const fail = (path: string, error: unknown): void => {
    const fault = faultOf(error);
    if (fault === 'aborted' || fault === 'full') throw error;
    failed.push({ path, fault, reason: messageOf(error) });
  };
  const failToWrite = (path: string, error: unknown): void => {
    if (faultOf(error) === 'full') {
      const say = ({ files, bytes }: typeof wanted): string => `${files} files of ${bytes} bytes`;
      throw new RoostError(
        'full',
        `the target must have room for ${say(wanted)}, got none left after ${say(written)}: "${path}": ${messageOf(error)}`,
        { cause: error },
      );
    }
    fail(path, error);
  };
  try {
    run.meter.phase('locating');
    const found = await collect(run, fail);
    const all = found.filter(({ entry }) => entry.kind === 'file');
    for (const { entry } of all) {
      wanted.files++;
      wanted.bytes += entry.size;
      run.meter.add({ total: entry.size, filesTotal: 1 });
    }
    const files = await byPlace(run.repository, await lackingFiles(run, all, written));
    const kept = written.files;
    const { plan, order } = await planReads(run.repository, files);
    run.meter.phase('restoring');
    const ahead = new FetchAhead(run, plan, order);
    // While the folders are made.
    ahead.begin();
    const atOnce = Math.max(1, run.sink.parallel);
    const make = (kind: TreeEntry['kind'], one: (entry: RestoredEntry) => Promise<void>): Promise<unknown> =>
      mapLimited(
        found.filter(({ entry }) => entry.kind === kind),
        atOnce,
        ({ path, entry }) =>
          one(restored(path, entry)).catch((error: unknown) => {
            failToWrite(path, error);
          }),
      );
    await make('folder', (entry) => run.sink.folder(entry));
    await writeFiles(run, files, plan, ahead, written, failToWrite);
    await make('link', (entry) => run.sink.link(entry));
    await run.sink.finish();
    return { ...written, kept, failed };
  } catch (error) {
    await run.sink.abort(messageOf(error));
    throw error;
  }
}

/** The files that do not lie in the target already; the others count as written. */
async function lackingFiles(
  run: RestoreRun,
  files: readonly Found[],
  written: { files: number; bytes: number },
): Promise<readonly Found[]> {
  if (run.sink.existing === undefined) return files;
  const there = await findFilesThere(
    run,
    files.map(({ path, entry }) => ({ to: restored(path, entry), chunks: entry.chunks })),
  );
  return files.filter(({ entry }, i) => {
    if (there[i] !== true) return true;
    written.files++;
    written.bytes += entry.size;
    return false;
  });
}

/** Every selected entry with its path, folders before what is in them. */
async function collect(run: RestoreRun, fail: (path: string, error: unknown) => void): Promise<Found[]> {
  const { reader, snapshot, signal } = run;
  const found: Found[] = [];
  let tooMany = false;
  const visit = async (path: string, entry: TreeEntry): Promise<void> => {
    throwIfAborted(signal);
    if (tooMany) return;
    if (found.length >= ENTRIES_MAX) {
      tooMany = true;
      fail(path, new RoostError('unsupported', `a restore may have ${ENTRIES_MAX} entries, here are more`));
      return;
    }
    try {
      // Every sink checks again by the rules of its own platform.
      safeParts(path, 'posix');
      found.push({ path, entry });
      if (entry.kind !== 'folder') return;
      const { entries } = await readTree(reader, entry.chunks, signal);
      for (const child of entries) await visit(`${path}/${child.name}`, child);
    } catch (error) {
      fail(path, error);
    }
  };
  if (run.paths.length === 0) {
    for (const entry of (await readTree(reader, snapshot.root, signal)).entries)
      await visit(entry.name, entry);
    return found;
  }
  for (const path of topmost(run.paths)) {
    try {
      await visit(path, await findEntry(reader, snapshot.root, path));
    } catch (error) {
      fail(path, error);
    }
  }
  return found;
}

/** Paths that no other path of the list contains. */
function topmost(paths: readonly string[]): string[] {
  const all = new Set(paths.map((path) => path.replace(/^\/+|\/+$/g, '')));
  return [...all].filter((path) => {
    const parts = path.split('/');
    return !parts.some((_, i) => i > 0 && all.has(parts.slice(0, i).join('/')));
  });
}

/** Files in the order in which their content lies in packs, whatever folders they are in: what is fetched is used up before more is. */
async function byPlace(repository: Repository, files: readonly Found[]): Promise<readonly Found[]> {
  const packs = new Map<PackId, number>();
  const placed: {
    readonly file: Found;
    readonly pack: number;
    readonly bundle: number;
    readonly offset: number;
  }[] = [];
  for (let at = 0; at < files.length; at += LOOKUP_BATCH) {
    const batch = files.slice(at, at + LOOKUP_BATCH);
    const ids = batch.flatMap(({ entry }) => entry.chunks.slice(0, 1));
    const places = await repository.chunkPlaces(ids);
    let next = 0;
    for (const file of batch) {
      const place = file.entry.chunks.length > 0 ? places[next++] : undefined;
      if (place !== undefined && !packs.has(place.packId)) packs.set(place.packId, packs.size);
      const pack = place === undefined ? -1 : packs.get(place.packId)!;
      placed.push({ file, pack, bundle: place?.bundle ?? 0, offset: place?.offset ?? 0 });
    }
  }
  placed.sort((a, b) => a.pack - b.pack || a.bundle - b.bundle || a.offset - b.offset);
  return placed.map(({ file }) => file);
}

/** Which bundles of which packs the files need, and the packs in the order of their first use. */
async function planReads(
  repository: Repository,
  files: readonly Found[],
): Promise<{ plan: ReadPlan; order: readonly PackId[] }> {
  const bundles = new Map<PackId, Set<number>>();
  const ids = [...new Set(files.flatMap(({ entry }) => entry.chunks))];
  for (let i = 0; i < ids.length; i += LOOKUP_BATCH) {
    for (const place of await repository.chunkPlaces(ids.slice(i, i + LOOKUP_BATCH))) {
      if (!place) continue;
      const known = bundles.get(place.packId);
      if (known) known.add(place.bundle);
      else bundles.set(place.packId, new Set([place.bundle]));
    }
  }
  const plan = new Map([...bundles].map(([pack, set]) => [pack, [...set].sort((a, b) => a - b)]));
  return { plan, order: [...plan.keys()] };
}

/** Fetches packs in the order of their first use, a few ahead of the one that is used. */
class FetchAhead {
  readonly #run: Pick<RestoreRun, 'reader' | 'signal'>;
  readonly #plan: ReadPlan;
  readonly #order: readonly PackId[];
  readonly #position: ReadonlyMap<PackId, number>;
  #fetchedTo = 0;

  constructor(run: Pick<RestoreRun, 'reader' | 'signal'>, plan: ReadPlan, order: readonly PackId[]) {
    this.#run = run;
    this.#plan = plan;
    this.#order = order;
    this.#position = new Map(order.map((pack, i) => [pack, i]));
  }

  begin(): void {
    this.#fetchTo(PACKS_AHEAD);
  }

  /** A pack is about to be used. */
  use(pack: PackId): void {
    this.#fetchTo((this.#position.get(pack) ?? 0) + 1 + PACKS_AHEAD);
  }

  #fetchTo(end: number): void {
    const { reader, signal } = this.#run;
    for (const pack of this.#order.slice(this.#fetchedTo, end)) {
      this.#fetchedTo++;
      // What fails ahead of its use fails again, and is told, when a file needs it.
      reader.prefetch(pack, this.#plan, signal).catch(() => undefined);
    }
  }
}

async function writeFiles(
  run: RestoreRun,
  files: readonly Found[],
  plan: ReadPlan,
  ahead: FetchAhead,
  totals: { files: number; bytes: number },
  fail: (path: string, error: unknown) => void,
): Promise<void> {
  const { repository, reader, sink, meter, gate, signal } = run;
  const limits = {
    limit: Math.max(1, sink.parallel),
    total: BYTES_AT_ONCE,
    weigh: ({ entry }: Found) => entry.size,
  };
  await mapWeighted(files, limits, async ({ path, entry }) => {
    await gate.pass(signal);
    let writer: FileWriter | undefined;
    let written = 0;
    try {
      writer = await sink.file(restored(path, entry));
      const places = await repository.chunkPlaces(entry.chunks);
      for (const [i, id] of entry.chunks.entries()) {
        const place = places[i];
        if (!place) throw new RoostError('not-found', `the index has no chunk ${id}`);
        ahead.use(place.packId);
        const chunk = await reader.chunkAt(place, plan, signal);
        await writer.write(chunk);
        written += chunk.length;
        meter.add({ done: chunk.length }, path);
        await gate.pass(signal);
      }
      if (written !== entry.size) {
        throw new RoostError(
          'corrupt',
          `"${path}" must have ${entry.size} bytes, its pieces have ${written}`,
        );
      }
      await writer.close();
      totals.files++;
      totals.bytes += written;
      meter.add({ files: 1 });
    } catch (error) {
      await writer?.abort().catch(() => undefined);
      meter.add({ done: entry.size - written });
      fail(path, error);
    }
  });
}

function restored(path: string, entry: TreeEntry): RestoredEntry {
  const { size, mtimeNs, mode, owner, target } = entry;
  return { path, size, mtimeNs, mode, owner, target };
}
