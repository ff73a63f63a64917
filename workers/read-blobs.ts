/// <reference lib="webworker" />
import type { Bytes } from '../src/core/bytes.ts';
import type { BlobPart, FilledPart, PlacedBlob } from './blob-api.ts';
import { release } from './release.ts';

/** More are no faster. */
const READS_UNDER_WAY = 4;

/**
 * Reads blobs to their places in a buffer, several at once.
 * @returns for each blob what the browser threw for it, undefined where it was read
 */
export async function readBlobs(buffer: Bytes, blobs: readonly PlacedBlob[]): Promise<unknown[]> {
  const errors = new Array<unknown>(blobs.length).fill(undefined);
  const left = blobs.entries();
  const readOn = async (): Promise<void> => {
    for (const [i, { blob, at }] of left) {
      try {
        const bytes = await blob.arrayBuffer();
        buffer.set(new Uint8Array(bytes), at);
        release(bytes);
      } catch (error) {
        errors[i] = error;
      }
    }
  };
  await Promise.all(Array.from({ length: READS_UNDER_WAY }, readOn));
  return errors;
}

/** Reads a part of a blob in one piece. */
export async function readSlice(buffer: Bytes, { blob, from, length, at }: BlobPart): Promise<FilledPart> {
  const slice = blob.slice(from, from + length);
  const [error] = await readBlobs(buffer, [{ blob: slice, at }]);
  return { buffer, bytes: error === undefined ? slice.size : 0, error };
}
