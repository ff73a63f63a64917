import type { Bytes } from '../src/core/bytes.ts';
import type { Lifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';

/** A window of a blob, or all of it, and where in the buffer it goes. */
export interface BlobPart {
  /** the blob's own number: a stream of it that ends where this begins is read on */
  readonly of: number;
  /** all of it */
  readonly blob: Blob;
  readonly from: number;
  readonly length: number;
  readonly at: number;
}

export interface FilledPart {
  readonly buffer: Bytes;
  /** fewer than asked for only at the end of the blob */
  readonly bytes: number;
  /** what the browser threw, undefined when it was read */
  readonly error: unknown;
}

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

/** What the blob worker does for the page. Buffers cross by transfer and come back. */
export interface BlobApi extends Lifeline {
  readPart(buffer: Bytes, part: BlobPart): Promise<Outcome<FilledPart>>;
  readBlobs(buffer: Bytes, blobs: readonly PlacedBlob[]): Promise<Outcome<FilledBlobs>>;
}
