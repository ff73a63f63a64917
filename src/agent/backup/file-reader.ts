import type { Bytes } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import type { ChunkId } from '../../core/ids.ts';
import { CHUNK_MIN_BYTES, MIB } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Codec } from '../../ports/codec.ts';
import type { Source } from '../../ports/source.ts';
import type { Gate } from '../gate.ts';
import { mapLimited } from '../limiter.ts';
import type { ScanNode } from './scan.ts';

/** Bytes read before they are cut. */
const WINDOW_BYTES = 4 * MIB;
/** Small files read together, and at once. */
const BATCH_FILES = 512;
const READS_UNDER_WAY = 16;

export interface CutFile {
  readonly node: ScanNode;
  readonly chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[];
  /** true with the last chunks of the file */
  readonly complete: boolean;
  /** bytes read for this part of the file */
  readonly read: number;
}

export interface ReaderOptions {
  readonly source: Source;
  readonly codec: Codec;
  readonly gate: Gate;
  readonly signal: AbortSignalLike | undefined;
}

/**
 * Reads files in order and cuts them into chunks: small ones many at a time, large ones in windows. Chunk bytes are views
 * that are good until the next step of the generator. A file that cannot be read gets `node.fault` and is passed over.
 */
export async function* readFiles(files: Iterable<ScanNode>, options: ReaderOptions): AsyncGenerator<CutFile> {
  let batch: ScanNode[] = [];
  let batchBytes = 0;
  for (const node of files) {
    const size = node.entry.size;
    if (size > CHUNK_MIN_BYTES * 4) {
      if (batch.length > 0) yield* readSmall(batch, options);
      batch = [];
      batchBytes = 0;
      yield* readLarge(node, options);
      continue;
    }
    if (batchBytes + size > WINDOW_BYTES || batch.length >= BATCH_FILES) {
      yield* readSmall(batch, options);
      batch = [];
      batchBytes = 0;
    }
    batch.push(node);
    batchBytes += size;
  }
  if (batch.length > 0) yield* readSmall(batch, options);
}

async function* readSmall(batch: readonly ScanNode[], options: ReaderOptions): AsyncGenerator<CutFile> {
  await options.gate.pass(options.signal);
  const contents = await mapLimited(batch, READS_UNDER_WAY, (node) => readWhole(node, options));
  const read = batch.flatMap((node, i) => {
    const bytes = contents[i];
    return bytes ? [{ node, bytes }] : [];
  });
  const buffer = new Uint8Array(read.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const parts: { start: number; length: number; final: boolean }[] = [];
  let at = 0;
  for (const { bytes } of read) {
    buffer.set(bytes, at);
    parts.push({ start: at, length: bytes.length, final: true });
    at += bytes.length;
  }
  const cut = await options.codec.cut(buffer, parts);
  for (const [i, { node, bytes }] of read.entries()) {
    yield { node, chunks: views(cut.buffer, cut.chunks[i] ?? []), complete: true, read: bytes.length };
  }
}

/** The whole of a small file; read once more when it changed meanwhile. */
async function readWhole(node: ScanNode, { source }: ReaderOptions): Promise<Bytes | undefined> {
  try {
    const bytes = await source.read(node.entry.path, 0, node.entry.size);
    if (bytes.length === node.entry.size) return bytes;
    const now = await source.stat(node.entry.path);
    return await source.read(node.entry.path, 0, Math.min(now.size, WINDOW_BYTES));
  } catch (error) {
    node.fault = messageOf(error);
    return undefined;
  }
}

async function* readLarge(node: ScanNode, options: ReaderOptions): AsyncGenerator<CutFile> {
  const { codec, gate, signal } = options;
  const { size } = node.entry;
  let rest: Bytes = new Uint8Array(0);
  let offset = 0;
  let ahead: Promise<Bytes | undefined> | undefined = readWindow(node, 0, options);
  while (ahead !== undefined) {
    await gate.pass(signal);
    const fresh: Bytes | undefined = await ahead;
    if (fresh === undefined) return;
    offset += fresh.length;
    const final: boolean = offset >= size || fresh.length === 0;
    ahead = final ? undefined : readWindow(node, offset, options);
    const buffer = new Uint8Array(rest.length + fresh.length);
    buffer.set(rest, 0);
    buffer.set(fresh, rest.length);
    const cut = await codec.cut(buffer, [{ start: 0, length: buffer.length, final }]);
    const chunks = cut.chunks[0] ?? [];
    const last = chunks.at(-1);
    rest = cut.buffer.slice(last ? last.offset + last.length : 0);
    yield { node, chunks: views(cut.buffer, chunks), complete: final, read: fresh.length };
  }
}

/** The next window of a large file; undefined, with `node.fault` set, when it cannot be read. */
async function readWindow(
  node: ScanNode,
  offset: number,
  { source }: ReaderOptions,
): Promise<Bytes | undefined> {
  const { path, size } = node.entry;
  try {
    return await source.read(path, offset, Math.min(WINDOW_BYTES, size - offset));
  } catch (error) {
    node.fault = messageOf(error);
    return undefined;
  }
}

function views(
  buffer: Bytes,
  chunks: readonly { readonly offset: number; readonly length: number; readonly id: ChunkId }[],
): { id: ChunkId; bytes: Uint8Array }[] {
  return chunks.map(({ id, offset, length }) => ({ id, bytes: buffer.subarray(offset, offset + length) }));
}
