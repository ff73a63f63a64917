import { concatBytes } from '../../core/bytes.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { ChunkId } from '../../core/ids.ts';
import { MIB } from '../../core/limits.ts';
import { encodeTree } from '../../core/snapshot/tree.ts';
import type { TreeEntry } from '../../core/snapshot/types.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Codec } from '../../ports/codec.ts';
import type { Repository } from '../repository/repository.ts';
import type { EntryTable } from './entry-table.ts';
import { ROOT } from './entry-table.ts';
import type { PackWriter } from './pack-writer.ts';

/** Encoded folders that go to the codec in one call. */
const BATCH_BYTES = 4 * MIB;

export interface TreeWriterOptions {
  readonly codec: Codec;
  readonly repository: Repository;
  readonly clock: Clock;
  /** where new tree chunks go */
  readonly writer: PackWriter;
}

export interface WrittenTree {
  readonly chunks: readonly ChunkId[];
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
}

/**
 * Writes the folders of a scanned tree, deepest first, so that each can name its children's chunks. Folders that are already
 * stored cost nothing but their hash.
 */
export class TreeWriter {
  readonly #options: TreeWriterOptions;
  /** chunks given to the writer in this run */
  readonly #fresh = new Set<ChunkId>();

  constructor(options: TreeWriterOptions) {
    this.#options = options;
  }

  async write(table: EntryTable): Promise<WrittenTree> {
    const written = new Map<number, WrittenTree>();
    for (const level of levelsOf(table).reverse()) {
      let batch: { folder: number; bytes: Bytes; totals: Omit<WrittenTree, 'chunks'> }[] = [];
      let size = 0;
      const flush = async (): Promise<void> => {
        const chunks = await this.#store(batch.map(({ bytes }) => bytes));
        batch.forEach(({ folder, totals }, i) => written.set(folder, { ...totals, chunks: chunks[i] ?? [] }));
        batch = [];
        size = 0;
      };
      for (const folder of level) {
        await this.#options.clock.pass();
        const { entries, totals } = entriesOf(table, folder, written);
        const bytes = encodeTree({ entries });
        batch.push({ folder, bytes, totals });
        size += bytes.length;
        if (size >= BATCH_BYTES) await flush();
      }
      if (batch.length > 0) await flush();
    }
    return written.get(ROOT) ?? { chunks: [], files: 0, folders: 0, bytes: 0 };
  }

  /** Writes one more folder whose entries are known: the root of a snapshot. */
  async writeEntries(entries: readonly TreeEntry[]): Promise<readonly ChunkId[]> {
    const [chunks] = await this.#store([encodeTree({ entries })]);
    return chunks ?? [];
  }

  /** Cuts encoded trees into chunks and hands the unseen ones to the writer. */
  async #store(trees: readonly Bytes[]): Promise<readonly (readonly ChunkId[])[]> {
    const { codec, repository, writer } = this.#options;
    const buffer = concatBytes(...trees);
    let start = 0;
    const parts = trees.map(({ length }) => {
      const part = { start, length, final: true };
      start += length;
      return part;
    });
    const cut = await codec.cut(buffer, parts);
    const all = cut.chunks.flat();
    const [places, cached] = await Promise.all([
      repository.chunkPlaces(all.map(({ id }) => id)),
      repository.cache.treeChunks(all.map(({ id }) => id)),
    ]);
    const uncached: { id: ChunkId; bytes: Bytes }[] = [];
    for (const [i, { id, offset, length }] of all.entries()) {
      if (cached[i] === undefined) uncached.push({ id, bytes: cut.buffer.slice(offset, offset + length) });
      if (places[i] !== undefined || this.#fresh.has(id)) continue;
      this.#fresh.add(id);
      await writer.add(id, cut.buffer.subarray(offset, offset + length));
    }
    await repository.cache.putTreeChunks(uncached);
    return cut.chunks.map((chunks) => chunks.map(({ id }) => id));
  }
}

/** Folders by their depth, the root first. */
function levelsOf(table: EntryTable): number[][] {
  const levels: number[][] = [];
  const depths = new Uint16Array(table.length);
  for (const folder of table.folders()) {
    const depth = folder === ROOT ? 0 : depths[table.folderOf(folder)]! + 1;
    depths[folder] = depth;
    (levels[depth] ??= []).push(folder);
  }
  return levels;
}

/** Takes what was written of the folders below: nobody asks for it again. */
function entriesOf(
  table: EntryTable,
  folder: number,
  written: Map<number, WrittenTree>,
): { entries: TreeEntry[]; totals: Omit<WrittenTree, 'chunks'> } {
  const entries: TreeEntry[] = [];
  let files = 0;
  let folders = 1;
  let bytes = 0;
  for (const child of table.children(folder)) {
    const below = written.get(child);
    written.delete(child);
    const entry = treeEntry(table, child, below);
    if (entry === undefined) continue;
    if (below) {
      files += below.files;
      folders += below.folders;
    } else if (entry.kind === 'file') files++;
    bytes += entry.size;
    entries.push(entry);
  }
  return { entries, totals: { files, folders, bytes } };
}

/** The entry by which a folder names what lies in it; undefined for a file that was not saved. */
function treeEntry(table: EntryTable, entry: number, below: WrittenTree | undefined): TreeEntry | undefined {
  const kind = table.kind(entry);
  if (kind === 'folder') return folderEntry(table, entry, below);
  const chunks = table.chunks(entry);
  if (kind === 'file' && (chunks === undefined || table.fault(entry) !== undefined)) return undefined;
  const size = kind === 'file' ? table.size(entry) : 0;
  return { ...commonOf(table, entry), kind, size, chunks: chunks ?? [] };
}

/** The entry by which a folder, or a snapshot, names a written folder. */
export function folderEntry(table: EntryTable, folder: number, written: WrittenTree | undefined): TreeEntry {
  const { bytes: size, chunks } = written ?? { bytes: 0, chunks: [] };
  return { ...commonOf(table, folder), kind: 'folder', size, chunks };
}

function commonOf(table: EntryTable, entry: number): Omit<TreeEntry, 'kind' | 'size' | 'chunks'> {
  return {
    name: table.name(entry),
    mtimeNs: table.mtimeNs(entry),
    mode: table.mode(entry),
    owner: table.owner(entry),
    target: table.target(entry),
  };
}
