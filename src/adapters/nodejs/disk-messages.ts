import type { Bytes } from '../../core/bytes.ts';
import type { Fault } from '../../core/errors.ts';
import type { FileRange } from '../../ports/source.ts';

/** What the disk thread is asked: to list folders, as many as one answer holds, to read ranges of files into a buffer, or to write from one. */
export type DiskCall =
  | { readonly kind: 'list'; readonly root: string; readonly folders: readonly string[] }
  | {
      readonly kind: 'read';
      readonly root: string;
      readonly buffer: Bytes;
      readonly start: number;
      readonly ranges: readonly FileRange[];
    }
  | {
      readonly kind: 'write';
      readonly root: string;
      readonly buffer: Bytes;
      readonly steps: readonly WriteStep[];
    };

export interface FileAttributes {
  /** permission bits; left as they are when undefined */
  readonly mode: number | undefined;
  readonly mtimeNs: bigint;
}

/** A step of a restore, at a path below the root. */
export type WriteStep =
  | { readonly kind: 'folder'; readonly path: string }
  | (FileAttributes & {
      /** The next bytes of a file. With the last ones it takes its place; until then nothing is at its path but what was. */
      readonly kind: 'part';
      /** a number that no other file of the process has */
      readonly file: number;
      readonly path: string;
      readonly first: boolean;
      readonly last: boolean;
      /** where the bytes lie in the buffer */
      readonly start: number;
      readonly length: number;
    })
  | { readonly kind: 'discard'; readonly file: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string; readonly mtimeNs: bigint }
  | (FileAttributes & { readonly kind: 'finish-folder' | 'finish-file'; readonly path: string });

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
  /** targets of links and reasons of what cannot be saved, by the number of the entry */
  readonly texts: ReadonlyMap<number, string>;
}

export const KINDS = ['file', 'folder', 'link', 'unreadable', 'special'] as const;
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

/** What became of steps. */
export interface Writings {
  readonly buffer: Bytes;
  /** why a step failed, by its number */
  readonly faults: Map<number, { readonly fault: Fault; readonly message: string }>;
  /** files that are begun and not ended */
  readonly open: number;
}

export type DiskAnswer = Listing | Readings | Writings;
