import type { Code } from '../../core/erasure/codes.ts';
import type { ChunkId, PackId, SnapshotId } from '../../core/ids.ts';
import { snapshotIdFromBytes } from '../../core/ids.ts';
import { UNREADABLE_MAX } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Snapshot, TreeEntry } from '../../core/snapshot/types.ts';
import type { AgentContext } from '../context.ts';
import type { Gate } from '../gate.ts';
import type { Partner } from '../network/types.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import { readFolders, writeFolders } from '../repository/folders.ts';
import type { FolderRecord } from '../repository/folders.ts';
import type { FileRecord } from '../repository/records.ts';
import { readTreeIfKept } from '../repository/tree-reader.ts';
import type { TreeReader } from '../repository/tree-reader.ts';
import type { ScannedFile } from './entry-table.ts';
import { ROOT } from './entry-table.ts';
import { fileKey, folderKey } from './file-keys.ts';
import { readFiles } from './file-reader.ts';
import { commitRun, publishHead, storedPack } from './head-writer.ts';
import { HIDDEN_AND_LOST, keepHidden } from './keep-hidden.ts';
import type { Hidden } from './keep-hidden.ts';
import { PackPlacer } from './pack-placer.ts';
import { PackWriter } from './pack-writer.ts';
import type { ScannedSource } from './scan.ts';
import { joinPath } from './scan.ts';
import { TreeWriter, folderEntry } from './tree-writer.ts';

const CHANGED_WHILE_READ = 'it changed while it was read; the next run saves it again';

/** Whom to give pieces to, and how a pack is spread over them. */
export interface Spread {
  readonly code: Code;
  readonly partners: readonly Partner[];
}

export interface BackupRun {
  /** the folders as they were found, shortly before, and compared with the memory of the last run */
  readonly scanned: readonly ScannedSource[];
  /** Finds partners with room for so many bytes of content. @throws RoostError 'too-few' */
  readonly spread: (bytes: number) => Promise<Spread>;
  readonly meter: ProgressMeter;
  readonly gate: Gate;
  readonly trees: TreeReader;
  /** packs lost for good: the new head frees what is left of them */
  readonly removedPacks: readonly PackId[];
  readonly signal: AbortSignalLike | undefined;
}

export interface BackupOutcome {
  readonly snapshot: Snapshot;
  /** of the snapshot, what the run did not look at, or could not */
  readonly carriedFiles: number;
  readonly carriedBytes: number;
  /** what has no content to save */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  readonly storedBytes: number;
  readonly readBytes: number;
}

/** One run: read what is new, place packs, write trees, journal and head. */
export async function runBackup(context: AgentContext, run: BackupRun): Promise<BackupOutcome> {
  const startedAt = await startOfRun(context);
  const { scanned } = run;
  const bytes = scanned.reduce((total, { table }) => total + table.unsavedBytes(), 0);
  const spread = await run.spread(bytes);
  run.meter.phase('saving');
  return new Run(context, run, spread, startedAt).execute(scanned);
}

/** Snapshots of a device are ordered by their start, whatever its clock says. */
async function startOfRun({ repository, platform, device }: AgentContext): Promise<number> {
  const own = (await repository.snapshots()).filter((snapshot) => snapshot.device === device);
  return Math.max(platform.clock.now(), (own.at(-1)?.startedAt ?? 0) + 1);
}

interface WaitingFile {
  readonly key: string;
  readonly record: FileRecord;
  /** the latest pack that any of its chunks lies in, 0 when all were stored before */
  readonly pack: number;
}

class Run {
  readonly #context: AgentContext;
  readonly #run: BackupRun;
  readonly #code: Code;
  readonly #startedAt: number;
  readonly #placer: PackPlacer;
  readonly #data: PackWriter;
  readonly #meta: PackWriter;
  /** chunks given to a pack that is not committed yet, with its number */
  readonly #pending = new Map<ChunkId, number>();
  /** files whose chunks lie in packs not committed yet */
  #waiting: WaitingFile[] = [];
  /** chunks that were pending when it was last asked which are stored */
  readonly #committedSince = new Map<ChunkId, number>();
  readonly #committed = new Set<number>();
  /** packs 1 … this are all committed */
  #committedThrough = 0;
  #storedBytes = 0;
  #readBytes = 0;

  constructor(context: AgentContext, run: BackupRun, { code, partners }: Spread, startedAt: number) {
    this.#context = context;
    this.#run = run;
    this.#code = code;
    this.#startedAt = startedAt;
    const { platform, keys, cooperation, repository } = context;
    this.#placer = new PackPlacer({
      owner: keys.account,
      cooperation,
      repository,
      codec: platform.codec,
      clock: platform.clock,
      log: platform.log,
      partners,
      signal: run.signal,
      onSent: (bytes) => {
        run.meter.add({ transferred: bytes });
      },
    });
    this.#data = this.#writer('data');
    this.#meta = this.#writer('meta');
  }

  async execute(scanned: readonly ScannedSource[]): Promise<BackupOutcome> {
    const { repository, platform, device, deviceLabel } = this.#context;
    const run = this.#run;
    const startedAt = this.#startedAt;
    const former = (await repository.snapshots()).filter((s) => s.device === device).at(-1);
    try {
      const hidden = await this.#keepHidden(scanned, former);
      for (const source of scanned) await this.#saveFiles(source);
      await this.#data.finish();
      run.meter.phase('finishing');
      const { root, folders, forgotten } = await this.#saveTrees(scanned, hidden, former, startedAt);
      await this.#meta.finish();
      const lost = [...hidden.values()].flatMap((folder) => folder.lost);
      const unreadable = [...scanned.flatMap(unreadablePaths), ...lost, ...forgotten];
      const snapshot: Snapshot = {
        id: this.#newSnapshotId(),
        device,
        deviceLabel,
        parent: former?.id,
        startedAt,
        endedAt: platform.clock.now(),
        root,
        files: sum(folders, 'files'),
        folders: sum(folders, 'folders'),
        bytes: sum(folders, 'bytes'),
        unreadable: unreadable.slice(0, UNREADABLE_MAX),
        unreadableCount: unreadable.length,
      };
      await commitRun(this.#context, {
        snapshots: [snapshot],
        removedPacks: run.removedPacks,
        forgotten: [],
        code: this.#code,
        place: (pack) => this.#placer.place(pack),
      });
      await run.meter.waiting((onReached) => publishHead(this.#context, run.signal, onReached));
      await writeFolders(repository, folders);
      const names = new Set(scanned.map(({ source }) => source.name));
      const carried = [...folders.filter(({ name }) => !names.has(name)), ...hidden.values()];
      return {
        snapshot,
        carriedFiles: sum(carried, 'files'),
        carriedBytes: sum(carried, 'bytes'),
        leftOut: scanned.flatMap(({ leftOut }) => leftOut),
        storedBytes: this.#storedBytes,
        readBytes: this.#readBytes,
      };
    } finally {
      await Promise.all([this.#data.settle(), this.#meta.settle()]);
    }
  }

  /** What sources hide, by the names of folders. */
  async #keepHidden(
    scanned: readonly ScannedSource[],
    former: Snapshot | undefined,
  ): Promise<ReadonlyMap<string, Hidden>> {
    const hidden = new Map<string, Hidden>();
    const hiding = scanned.filter(({ source }) => source.hides !== undefined);
    if (former === undefined || hiding.length === 0) return hidden;
    const entries = new Map((await this.#entriesOf(former)).map((entry) => [entry.name, entry]));
    const { repository, platform } = this.#context;
    const { trees, signal } = this.#run;
    const known = new Set((await readFolders(repository)).map(({ name }) => name));
    for (const folder of hiding) {
      const { name } = folder.source;
      const entry = entries.get(name);
      if (entry !== undefined)
        hidden.set(
          name,
          await keepHidden(folder, entry, { repository, trees, clock: platform.clock, signal }),
        );
      else if (known.has(name))
        hidden.set(name, { files: 0, bytes: 0, lost: [{ path: name, reason: HIDDEN_AND_LOST }] });
    }
    return hidden;
  }

  #newSnapshotId(): SnapshotId {
    return snapshotIdFromBytes(this.#context.platform.random.bytes(16));
  }

  #writer(kind: 'data' | 'meta'): PackWriter {
    const { platform, repository } = this.#context;
    return new PackWriter({
      kind,
      code: this.#code,
      codec: platform.codec,
      random: platform.random,
      place: async (sealed) => {
        const placed = await this.#placer.place(sealed);
        await repository.commitPack(
          storedPack(sealed, placed, this.#context, 'content'),
          sealed.chunks,
          placed.placements,
        );
        this.#storedBytes += sealed.lengths.reduce((sum, length) => sum + length, 0);
        if (kind === 'data')
          await this.#packCommitted(
            sealed.number,
            sealed.chunks.map(({ id }) => id),
          );
      },
    });
  }

  /** From here on a restart finds these chunks; files that waited for them need not be read again. */
  async #packCommitted(number: number, chunks: readonly ChunkId[]): Promise<void> {
    for (const id of chunks) {
      this.#pending.delete(id);
      this.#committedSince.set(id, number);
    }
    this.#committed.add(number);
    while (this.#committed.delete(this.#committedThrough + 1)) this.#committedThrough++;
    const ready = this.#waiting.filter(({ pack }) => pack <= this.#committedThrough);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter(({ pack }) => pack > this.#committedThrough);
    await this.#context.repository.cache.putFiles(ready);
  }

  async #saveFiles({ source, table }: ScannedSource): Promise<void> {
    const { repository, platform } = this.#context;
    const { gate, signal, meter } = this.#run;
    const folder = folderKey(source.name);
    const parts = new Map<ScannedFile, { chunks: ChunkId[]; bytes: number; lastPack: number }>();
    for await (const cuts of readFiles(table.unsaved(), { source, codec: platform.codec, gate, signal })) {
      const ids = cuts.flatMap(({ chunks }) => chunks.map(({ id }) => id));
      this.#committedSince.clear();
      const stored = await repository.storedChunks(ids);
      const saved: WaitingFile[] = [];
      for (const { file, chunks, read, complete, now } of cuts) {
        await platform.clock.pass();
        const part = parts.get(file) ?? { chunks: [], bytes: 0, lastPack: 0 };
        part.bytes += read;
        this.#readBytes += read;
        for (const { id, bytes } of chunks) {
          part.chunks.push(id);
          if (!stored.has(id)) part.lastPack = Math.max(part.lastPack, await this.#saveChunk(id, bytes));
        }
        meter.add({ done: read, files: complete ? 1 : 0 }, file.path);
        if (!complete) {
          parts.set(file, part);
          continue;
        }
        parts.delete(file);
        const { path, size, mtimeNs } = file;
        const changed = part.bytes !== size || now.size !== size || now.mtimeNs !== mtimeNs;
        table.save(file.entry, part.chunks, part.bytes, changed);
        const record = { size, mtimeNs, chunks: part.chunks };
        if (!changed) saved.push({ key: fileKey(folder, path), record, pack: part.lastPack });
      }
      await this.#remember(saved);
    }
  }

  /** Files that did not change while they were read need not be read in the next run, once their packs are committed. */
  async #remember(files: readonly WaitingFile[]): Promise<void> {
    const ready = files.filter(({ pack }) => pack <= this.#committedThrough);
    for (const file of files) if (file.pack > this.#committedThrough) this.#waiting.push(file);
    await this.#context.repository.cache.putFiles(ready);
  }

  /** Gives a chunk that is not stored to the writer, once; returns the number of its pack. */
  async #saveChunk(id: ChunkId, bytes: Uint8Array): Promise<number> {
    const known = this.#pending.get(id) ?? this.#committedSince.get(id);
    if (known !== undefined) return known;
    const pack = await this.#data.add(id, bytes);
    this.#pending.set(id, pack);
    return pack;
  }

  /** Writes the trees of this run's folders and the root, which keeps the other chosen folders as they were. */
  async #saveTrees(
    scanned: readonly ScannedSource[],
    hidden: ReadonlyMap<string, Hidden>,
    former: Snapshot | undefined,
    savedAt: number,
  ): Promise<{
    root: readonly ChunkId[];
    folders: readonly FolderRecord[];
    /** folders chosen before of which nothing is known any more */
    forgotten: readonly { readonly path: string; readonly reason: string }[];
  }> {
    const { repository, platform } = this.#context;
    const trees = new TreeWriter({
      codec: platform.codec,
      clock: platform.clock,
      repository,
      writer: this.#meta,
    });
    const folders = new Map((await readFolders(repository)).map((folder) => [folder.name, folder]));
    const entries = new Map<string, TreeEntry>();
    const forgotten: { path: string; reason: string }[] = [];
    const here = new Set(scanned.map(({ source }) => source.name));
    if (former && [...folders.keys()].some((name) => !here.has(name))) {
      for (const entry of await this.#entriesOf(former))
        if (folders.has(entry.name)) entries.set(entry.name, entry);
    }
    for (const name of [...folders.keys()]) {
      if (entries.has(name)) continue;
      folders.delete(name);
      if (!here.has(name))
        forgotten.push({ path: name, reason: 'what was saved of it is lost; save it again' });
    }
    for (const { source, table } of scanned) {
      const written = await trees.write(table);
      entries.set(source.name, folderEntry(table, ROOT, written));
      const { files, folders: folderCount, bytes } = written;
      const { name, place } = source;
      const unseen = hidden.get(name)?.files ?? 0;
      folders.set(name, { name, files, folders: folderCount, bytes, savedAt, place, hidden: unseen });
    }
    const root = await trees.writeEntries([...entries.values()]);
    return { root, folders: [...folders.values()], forgotten };
  }

  /** The folders of the last snapshot; none when its root is lost for good. @throws RoostError 'too-few' */
  async #entriesOf(former: Snapshot): Promise<readonly TreeEntry[]> {
    return (await readTreeIfKept(this.#run.trees, former.root))?.entries ?? [];
  }
}

function sum<Field extends string>(parts: readonly Readonly<Record<Field, number>>[], field: Field): number {
  return parts.reduce((total, part) => total + part[field], 0);
}

function unreadablePaths({ source, table, unreadable }: ScannedSource): { path: string; reason: string }[] {
  const faults = Array.from(table.troubled(), (file) => ({
    path: joinPath(source.name, table.path(file)),
    reason: table.fault(file) ?? CHANGED_WHILE_READ,
  }));
  return [...unreadable, ...faults];
}
