import type { Bytes } from '../core/bytes.ts';
import type { Cancellable } from '../core/progress.ts';

/** A folder to back up: a directory on disk, a dropped directory handle, a list of picked files, memory. */
export interface Source {
  /** Name of the root, one path part. */
  readonly name: string;
  /** Where it lies on this device, without links; left out by platforms that do not tell. */
  readonly place?: string;
  /**
   * Whether an entry of this name may be there although it is not shown, as browsers do with some: what was saved of it before is kept, for
   * nobody knows whether it is gone. Left out where everything is shown.
   */
  hides?(name: string): boolean;
  /**
   * Every entry below the root, parents before children, children of one folder in a row. Paths are parts joined by '/'
   * and relative to the root ('' is the root folder itself and comes first). What cannot be read is told, not thrown.
   */
  entries(options?: Cancellable): AsyncIterable<SourceEntry | SourceFault>;
  /**
   * Reads `length` bytes at `offset` of a file listed before; fewer only at the end of the file.
   * @throws RoostError 'denied' | 'not-found' | 'corrupt' (changed while it was read) | 'aborted'
   */
  read(path: string, offset: number, length: number): Promise<Bytes>;
  /** Size and time now, to see whether a file changed while it was read. */
  stat(path: string): Promise<SourceStat>;
  /**
   * Reads many ranges in one call, where a call costs more than what it reads: range after range into `buffer` from `start` on,
   * each at the place that the lengths before it give. The buffer is given away and comes back in the answer. What cannot be read is told,
   * not thrown. Left out by sources that answer at once.
   */
  readInto?(buffer: Bytes, start: number, ranges: readonly FileRange[]): Promise<FilledBuffer>;
}

export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

export interface FilledBuffer {
  readonly buffer: Bytes;
  /** one for each range */
  readonly reads: readonly (RangeRead | RangeFault)[];
}

/** What was read of a range, with the size and time of its file after that. */
export interface RangeRead extends SourceStat {
  /** fewer than the range has only at the end of the file */
  readonly bytes: number;
}

export interface RangeFault {
  /** why it could not be read */
  readonly reason: string;
}

export interface SourceStat {
  readonly size: number;
  /** nanoseconds since 1970 */
  readonly mtimeNs: bigint;
}

export interface SourceEntry extends SourceStat {
  readonly kind: 'file' | 'folder' | 'link';
  readonly path: string;
  /** POSIX permission bits where the platform has them */
  readonly mode: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** target of a symbolic link */
  readonly target: string | undefined;
}

/** What cannot be saved; 'special' is no fault: a pipe, a socket or a device has no content. */
export type SourceFault = Unsaved<'unreadable'> | Unsaved<'special'>;

interface Unsaved<Kind extends string> {
  readonly kind: Kind;
  readonly path: string;
  readonly reason: string;
}
