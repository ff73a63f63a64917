/// <reference lib="webworker" />
import type { Bytes } from '../src/core/bytes.ts';
import type { BlobPart, FilledPart } from './blob-api.ts';
import { readSlice } from './read-blobs.ts';

/** A stream that nobody reads on from for so long is closed. */
const IDLE_MS = 10_000;
/** Streams have come to a stop in the midst of a file, nobody knows why (docs/decisions/0030-a-page-that-only-passes-on.md). */
const STALLED_MS = 10_000;

const STALLED = new Error('a stream of a blob brings nothing any more');

type Reader = ReadableStreamBYOBReader;

/**
 * Reads blobs as streams, straight into the buffer. Windows of one blob that follow one another come out of one stream: to begin to read costs as much
 * as megabytes of reading, and a stream goes through the same memory all the time.
 */
export class BlobStreams {
  /** the one that may be read on */
  #open: { readonly of: number; position: number; readonly reader: Reader } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #stalledMs: number;
  #closing: ReturnType<typeof setTimeout> | undefined;

  /** @param stalledMs a stream that brings nothing for so long is given up, and its window read in one piece */
  constructor(stalledMs = STALLED_MS) {
    this.#stalledMs = stalledMs;
  }

  /** Whether streams fill memory that they are given; those of older browsers bring their own. */
  static get areSupported(): boolean {
    try {
      readerOf(new Blob([])).releaseLock();
      return true;
    } catch {
      return false;
    }
  }

  /** Windows wait for those before them. What else was in the buffer may be lost with a stream that fails. */
  async read(buffer: Bytes, part: BlobPart): Promise<FilledPart> {
    const { length } = buffer;
    const isWhole = part.from === 0 && part.length >= part.blob.size;
    const filled = await (isWhole ? this.#readWhole(buffer, part) : this.#readNext(buffer, part));
    return filled.error === STALLED ? readSlice(new Uint8Array(length), part) : filled;
  }

  async #readWhole(buffer: Bytes, part: BlobPart): Promise<FilledPart> {
    const reader = readerOf(part.blob);
    const filled = await this.#fill(reader, buffer, part);
    end(reader);
    return filled;
  }

  #readNext(buffer: Bytes, part: BlobPart): Promise<FilledPart> {
    const read = this.#turn.then(() => this.#readOn(buffer, part));
    this.#turn = read.catch(() => undefined);
    return read;
  }

  async #readOn(buffer: Bytes, part: BlobPart): Promise<FilledPart> {
    const { of, blob, from } = part;
    clearTimeout(this.#closing);
    if (this.#open?.of !== of || this.#open.position !== from) {
      this.#close();
      this.#open = { of, position: from, reader: readerOf(blob.slice(from)) };
    }
    const open = this.#open;
    const filled = await this.#fill(open.reader, buffer, part);
    open.position += filled.bytes;
    if (filled.error !== undefined || open.position >= blob.size) this.#close();
    else this.#closing = setTimeout(() => this.#close(), IDLE_MS);
    return filled;
  }

  #close(): void {
    if (this.#open !== undefined) end(this.#open.reader);
    this.#open = undefined;
  }

  /** Reads until `length` bytes are there, or the stream ends. */
  async #fill(reader: Reader, buffer: Bytes, { length, at }: BlobPart): Promise<FilledPart> {
    const size = buffer.length;
    let memory = buffer.buffer;
    let bytes = 0;
    let fault: unknown;
    try {
      while (bytes < length) {
        const room = new Uint8Array(memory, at + bytes, length - bytes);
        const { value, done } = await this.#inTime(reader.read(room));
        if (value !== undefined) memory = value.buffer;
        if (done) break;
        bytes += value.length;
      }
    } catch (error) {
      fault = error;
    }
    // What fails or is cancelled keeps the memory that it was to fill.
    const left = memory.byteLength === size ? memory : new ArrayBuffer(size);
    return { buffer: new Uint8Array(left), bytes, error: fault };
  }

  /** @throws STALLED */
  #inTime<T>(reading: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(STALLED), this.#stalledMs);
      reading.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}

function readerOf(blob: Blob): Reader {
  return blob.stream().getReader({ mode: 'byob' });
}

/** Gives up what is left of a stream; one that has failed has ended already. */
function end(reader: Reader): void {
  reader.cancel().catch(() => undefined);
}
