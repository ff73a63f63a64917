/// <reference lib="webworker" />
import type { Bytes } from '../src/core/bytes.ts';
import type { BlobPart, FilledPart } from './blob-api.ts';

/** A stream that nobody reads on from for so long is closed. */
const IDLE_MS = 10_000;

type Reader = ReadableStreamBYOBReader;

/**
 * Reads blobs as streams, straight into the buffer. Windows of one blob that follow one another come out of one stream: to begin to read costs as much
 * as megabytes of reading, and a stream goes through the same memory all the time.
 */
export class BlobStreams {
  /** the one that may be read on */
  #open: { readonly of: number; position: number; readonly reader: Reader } | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closing: ReturnType<typeof setTimeout> | undefined;

  /** Whether streams fill memory that they are given; those of older browsers bring their own. */
  static get areSupported(): boolean {
    try {
      readerOf(new Blob([])).releaseLock();
      return true;
    } catch {
      return false;
    }
  }

  /** Windows wait for those before them. */
  read(buffer: Bytes, part: BlobPart): Promise<FilledPart> {
    if (part.from === 0 && part.length >= part.blob.size) return fill(readerOf(part.blob), buffer, part);
    const read = this.#turn.then(() => this.#readOn(buffer, part));
    this.#turn = read;
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
    const filled = await fill(open.reader, buffer, part);
    open.position += filled.bytes;
    if (filled.error !== undefined || open.position >= blob.size) this.#close();
    else this.#closing = setTimeout(() => this.#close(), IDLE_MS);
    return filled;
  }

  #close(): void {
    const reader = this.#open?.reader;
    this.#open = undefined;
    // One that has failed is closed already.
    reader?.cancel().catch(() => undefined);
  }
}

function readerOf(blob: Blob): Reader {
  return blob.stream().getReader({ mode: 'byob' });
}

/** Reads until `length` bytes are there, or the stream ends. */
async function fill(reader: Reader, buffer: Bytes, { length, at }: BlobPart): Promise<FilledPart> {
  const size = buffer.length;
  let memory = buffer.buffer;
  let bytes = 0;
  try {
    while (bytes < length) {
      const { value, done } = await reader.read(new Uint8Array(memory, at + bytes, length - bytes));
      if (value !== undefined) memory = value.buffer;
      if (done) break;
      bytes += value.length;
    }
    return { buffer: new Uint8Array(memory), bytes, error: undefined };
  } catch (error) {
    // What fails keeps the memory that it was to fill.
    const left = memory.byteLength === size ? memory : new ArrayBuffer(size);
    return { buffer: new Uint8Array(left), bytes, error };
  }
}
