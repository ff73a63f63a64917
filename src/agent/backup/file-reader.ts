import type { Bytes } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import type { ChunkId } from '../../core/ids.ts';
import { CHUNK_MAX_BYTES } from '../../core/limits.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { Codec, CutChunk, CutPart } from '../../ports/codec.ts';
import type { Source, SourceStat } from '../../ports/source.ts';
import type { Gate } from '../gate.ts';
import { BufferPool } from './buffer-pool.ts';
import type { ScannedFile } from './entry-table.ts';
import { readRanges } from './read-ranges.ts';
import type { ReadStep, Window } from './read-steps.ts';
import { WINDOW_BYTES, readSteps } from './read-steps.ts';

/** Steps that are read or cut while the one before is consumed. */
const STEPS_AHEAD = 2;
/** A window has room in front of it for what the cut of the window before left over, which is less than one chunk. */
const BUFFER_BYTES = CHUNK_MAX_BYTES + WINDOW_BYTES;
const BUFFERS_KEPT = STEPS_AHEAD + 2;
const NOTHING: Bytes = new Uint8Array(0);

export interface CutFile {
  readonly file: ScannedFile;
  readonly chunks: readonly { readonly id: ChunkId; readonly bytes: Uint8Array }[];
  /** true with the last chunks of the file */
  readonly complete: boolean;
  /** bytes read for this part of the file */
  readonly read: number;
  /** the file as it was after that */
  readonly now: SourceStat;
}

export interface ReaderOptions {
  readonly source: Source;
  readonly codec: Codec;
  readonly gate: Gate;
  readonly signal: AbortSignalLike | undefined;
}

/**
 * Reads files in order and cuts them into chunks: many small ones together, large ones in windows. Chunk bytes are views that are good until the
 * next step of the generator. A file that cannot be read gets its fault and is passed over.
 */
export async function* readFiles(
  files: Iterable<ScannedFile>,
  options: ReaderOptions,
): AsyncGenerator<readonly CutFile[]> {
  const reader = new Reader(options);
  const steps = readSteps(files);
  const ahead: Promise<CutStep>[] = [];
  let consumed: Bytes | undefined;
  try {
    for (;;) {
      await options.gate.pass(options.signal);
      while (ahead.length < STEPS_AHEAD) {
        const { value: step } = steps.next();
        if (!step) break;
        ahead.push(reader.start(step));
      }
      const next = ahead.shift();
      if (next === undefined) return;
      const { buffer, files: cut, again } = await next;
      // Only now: what the step before left over has been taken from its buffer.
      if (consumed) reader.pool.give(consumed);
      consumed = buffer;
      if (cut.length > 0) yield cut;
      for (const file of again) yield* reader.readAgain(file);
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

interface CutStep {
  readonly buffer: Bytes;
  readonly files: readonly CutFile[];
  /** files that were shorter than in the scan */
  readonly again: readonly ScannedFile[];
  /** what the cut left over of a file that goes on, a view of the buffer */
  readonly rest: Bytes;
}

class Reader {
  readonly pool = new BufferPool(BUFFER_BYTES, BUFFERS_KEPT);
  readonly #options: ReaderOptions;
  /** the step before: its rest goes in front of the next window */
  #before: Promise<CutStep | undefined> = Promise.resolve(undefined);

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  start(step: ReadStep): Promise<CutStep> {
    const cut = step.kind === 'whole' ? this.#cutFiles(step.files, step.bytes) : this.#cutWindow(step);
    this.#before = cut;
    // Told where it is consumed.
    cut.catch(() => undefined);
    return cut;
  }

  async #cutFiles(files: readonly ScannedFile[], total: number): Promise<CutStep> {
    const { source, codec } = this.#options;
    const ranges = files.map(({ path, size }) => ({ path, offset: 0, length: size }));
    const filled = await readRanges(source, this.pool.take(total), 0, ranges);
    const again: ScannedFile[] = [];
    const found: Omit<CutFile, 'chunks'>[] = [];
    const parts: CutPart[] = [];
    let start = 0;
    for (const [i, file] of files.entries()) {
      const read = filled.reads[i]!;
      const { size } = file;
      if ('reason' in read) file.setFault(read.reason);
      else if (read.bytes < size) again.push(file);
      else {
        found.push({ file, complete: true, read: size, now: read });
        parts.push({ start, length: size, final: true });
      }
      start += size;
    }
    const { buffer, chunks } = await codec.cut(filled.buffer, parts);
    const cut = found.map((one, i) => ({ ...one, chunks: views(buffer, chunks[i]!) }));
    return { buffer, files: cut, again, rest: NOTHING };
  }

  async #cutWindow({ file, offset, bytes, final }: Window): Promise<CutStep> {
    const { source, codec } = this.#options;
    const before = this.#before;
    const at = CHUNK_MAX_BYTES;
    const ranges = [{ path: file.path, offset, length: bytes }];
    const filled = await readRanges(source, this.pool.take(at + bytes), at, ranges);
    const rest = offset === 0 ? NOTHING : ((await before)?.rest ?? NOTHING);
    const read = filled.reads[0]!;
    if ('reason' in read && file.fault === undefined) file.setFault(read.reason);
    if ('reason' in read || file.fault !== undefined)
      return { buffer: filled.buffer, files: [], again: [], rest: NOTHING };
    const start = at - rest.length;
    filled.buffer.set(rest, start);
    const end = at + read.bytes;
    const { buffer, chunks } = await codec.cut(filled.buffer, [{ start, length: end - start, final }]);
    const cut = chunks[0]!;
    const last = cut.at(-1);
    const part = { file, chunks: views(buffer, cut), complete: final, read: read.bytes, now: read };
    return {
      buffer,
      files: [part],
      again: [],
      rest: buffer.subarray(last ? last.offset + last.length : start, end),
    };
  }

  /** A small file that became shorter since the scan: as much of it as there is now. */
  async *readAgain(file: ScannedFile): AsyncGenerator<readonly CutFile[]> {
    const { source, codec } = this.#options;
    const { path } = file;
    try {
      const { size } = await source.stat(path);
      const bytes = await source.read(path, 0, Math.min(size, WINDOW_BYTES));
      const now = await source.stat(path);
      const length = bytes.length;
      const { buffer, chunks } = await codec.cut(bytes, [{ start: 0, length, final: true }]);
      yield [{ file, chunks: views(buffer, chunks[0] ?? []), complete: true, read: length, now }];
    } catch (error) {
      file.setFault(messageOf(error));
    }
  }
}

function views(
  buffer: Bytes,
  chunks: readonly CutChunk[],
): { readonly id: ChunkId; readonly bytes: Uint8Array }[] {
  return chunks.map(({ id, offset, length }) => ({ id, bytes: buffer.subarray(offset, offset + length) }));
}
