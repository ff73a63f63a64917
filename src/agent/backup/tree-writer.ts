import { concatBytes } from '../../core/bytes.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { ChunkId } from '../../core/ids.ts';
import { MIB } from '../../core/limits.ts';
import { encodeTree } from '../../core/snapshot/tree.ts';
import type { TreeEntry } from '../../core/snapshot/types.ts';
import type { Codec } from '../../ports/codec.ts';
import type { Repository } from '../repository/repository.ts';
import type { PackWriter } from './pack-writer.ts';
import type { ScanNode } from './scan.ts';

/** Encoded folders that go to the codec in one call. */
const BATCH_BYTES = 4 * MIB;

export interface TreeWriterOptions {
  readonly codec: Codec;
  readonly repository: Repository;
  /** where new tree chunks go */
  readonly writer: PackWriter;
}

export interface WrittenTree {
  readonly chunks: readonly ChunkId[];
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
}

interface Folder {
  readonly node: ScanNode;
  readonly depth: number;
  written: WrittenTree | undefined;
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

  async write(root: ScanNode): Promise<WrittenTree> {
    const folders = new Map<ScanNode, Folder>();
    const levels: Folder[][] = [];
    collect(root, 0, folders, levels);
    for (let depth = levels.length - 1; depth >= 0; depth--) {
      let batch: { folder: Folder; bytes: Bytes; totals: Omit<WrittenTree, 'chunks'> }[] = [];
      let size = 0;
      const flush = async (): Promise<void> => {
        const chunks = await this.#store(batch.map(({ bytes }) => bytes));
        batch.forEach(({ folder, totals }, i) => (folder.written = { ...totals, chunks: chunks[i] ?? [] }));
        batch = [];
        size = 0;
      };
      for (const folder of levels[depth] ?? []) {
        const { entries, totals } = entriesOf(folder.node, folders);
        const bytes = encodeTree({ entries });
        batch.push({ folder, bytes, totals });
        size += bytes.length;
        if (size >= BATCH_BYTES) await flush();
      }
      if (batch.length > 0) await flush();
    }
    return folders.get(root)?.written ?? { chunks: [], files: 0, folders: 0, bytes: 0 };
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
      repository.treeChunks(all.map(({ id }) => id)),
    ]);
    const uncached: { id: ChunkId; bytes: Bytes }[] = [];
    for (const [i, { id, offset, length }] of all.entries()) {
      if (cached[i] === undefined) uncached.push({ id, bytes: cut.buffer.slice(offset, offset + length) });
      if (places[i] !== undefined || this.#fresh.has(id)) continue;
      this.#fresh.add(id);
      await writer.add(id, cut.buffer.subarray(offset, offset + length));
    }
    await repository.putTreeChunks(uncached);
    return cut.chunks.map((chunks) => chunks.map(({ id }) => id));
  }
}

function collect(node: ScanNode, depth: number, folders: Map<ScanNode, Folder>, levels: Folder[][]): void {
  const folder: Folder = { node, depth, written: undefined };
  folders.set(node, folder);
  (levels[depth] ??= []).push(folder);
  for (const child of node.children)
    if (child.entry.kind === 'folder') collect(child, depth + 1, folders, levels);
}

function entriesOf(
  node: ScanNode,
  folders: ReadonlyMap<ScanNode, Folder>,
): { entries: TreeEntry[]; totals: Omit<WrittenTree, 'chunks'> } {
  const entries: TreeEntry[] = [];
  let files = 0;
  let folderCount = 1;
  let bytes = 0;
  for (const child of node.children) {
    if (child.entry.kind === 'file' && (child.fault !== undefined || child.chunks === undefined)) continue;
    const below = folders.get(child)?.written;
    if (below) {
      files += below.files;
      folderCount += below.folders;
      bytes += below.bytes;
    } else if (child.entry.kind === 'file') {
      files++;
      bytes += sizeOf(child);
    }
    entries.push(treeEntry(child, below));
  }
  return { entries, totals: { files, folders: folderCount, bytes } };
}

/** The entry by which a parent folder names a node. */
export function treeEntry(node: ScanNode, below: WrittenTree | undefined): TreeEntry {
  const { kind, mtimeNs, mode, owner, target } = node.entry;
  return {
    name: node.name,
    kind,
    size: below ? below.bytes : kind === 'file' ? sizeOf(node) : 0,
    mtimeNs,
    mode,
    owner,
    target,
    chunks: below ? below.chunks : (node.chunks ?? []),
  };
}

function sizeOf(file: ScanNode): number {
  return file.savedBytes ?? file.entry.size;
}
