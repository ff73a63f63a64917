import type { Bytes } from '../src/core/bytes.ts';
import type { Lifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';

/** A blob, and where its bytes go. */
export interface PlacedBlob {
  readonly blob: Blob;
  readonly at: number;
}

export interface FilledBlobs {
  readonly buffer: Bytes;
  /** what the browser threw for each blob, undefined where it was read */
  readonly errors: readonly unknown[];
}

/** What the blob worker does for the page. */
export interface BlobApi extends Lifeline {
  /** Reads blobs to their places in a buffer, which crosses by transfer and comes back. */
  read(buffer: Bytes, blobs: readonly PlacedBlob[]): Promise<Outcome<FilledBlobs>>;
}
