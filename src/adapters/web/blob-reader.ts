import type { Bytes } from '../../core/bytes.ts';
import { KIB, MIB } from '../../core/limits.ts';

/** Each read of a file is a trip to another process; below this size the trip costs more than the bytes. */
const SMALL_BYTES = 256 * KIB;
const BATCH_MAX_BYTES = 4 * MIB;

interface Waiting {
  readonly blob: Blob;
  readonly resolve: (bytes: Bytes) => void;
  readonly reject: (error: unknown) => void;
}

const bytesOf = async (blob: Blob): Promise<Bytes> => new Uint8Array(await blob.arrayBuffer());

/** Reads blobs; small ones that are asked for at the same time come in one call. */
export class BlobReader {
  #waiting: Waiting[] = [];
  #busy = false;

  /** @throws what the browser throws for this blob */
  read(blob: Blob): Promise<Bytes> {
    if (blob.size > SMALL_BYTES) return bytesOf(blob);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ blob, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      queueMicrotask(() => void this.#readAll());
    });
  }

  async #readAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#readBatch(this.#take());
      // Whoever got its bytes asks for the next file within this turn.
      await Promise.resolve();
    }
    this.#busy = false;
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { blob } of this.#waiting) {
      bytes += blob.size;
      if (count > 0 && bytes > BATCH_MAX_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #readBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const all = await bytesOf(new Blob(batch.map(({ blob }) => blob)));
      let offset = 0;
      for (const { blob, resolve } of batch) {
        // A copy each: views of one buffer could not be transferred one by one.
        resolve(all.slice(offset, offset + blob.size));
        offset += blob.size;
      }
    } catch {
      // One of them failed: each for itself tells which.
      await Promise.all(batch.map(({ blob, resolve, reject }) => bytesOf(blob).then(resolve, reject)));
    }
  }
}
