import type { Bytes } from '../../core/bytes.ts';
import type { FileRange } from '../../ports/source.ts';

/** What the disk thread is asked: to list folders, as many as one answer holds, or to read ranges of files into a buffer. */
export type DiskCall =
  | { readonly kind: 'list'; readonly root: string; readonly folders: readonly string[] }
  | {
      readonly kind: 'read';
      readonly root: string;
      readonly buffer: Bytes;
      readonly start: number;
      readonly ranges: readonly FileRange[];
    };

/** Entries of folders in columns, which cross to another thread at a fraction of what an object each costs. */
export interface Listing {
  /** entries of each folder listed, the first ones of those asked for */
  readonly counts: readonly number[];
  /** why a folder could not be listed, by its place among them */
  readonly faults: ReadonlyMap<number, string>;
  /** each ended by a zero byte, which no name has */
  readonly names: string;
  /** of each entry in a row: its kind's place in KINDS, size, permissions, user, group */
  readonly numbers: Float64Array;
  readonly mtimesNs: BigInt64Array;
  /** targets of links and reasons of what is unreadable, by the number of the entry */
  readonly texts: ReadonlyMap<number, string>;
}

export const KINDS = ['file', 'folder', 'link', 'unreadable'] as const;
export const NUMBERS_PER_ENTRY = 5;

/** What was read of ranges, in columns. */
export interface Readings {
  readonly buffer: Bytes;
  readonly bytes: Float64Array;
  readonly sizes: Float64Array;
  readonly mtimesNs: BigInt64Array;
  /** why a range could not be read, by its number */
  readonly faults: ReadonlyMap<number, string>;
}

export type DiskAnswer = Listing | Readings;
