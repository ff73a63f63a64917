import type { Bytes } from '../src/core/bytes.ts';
import type { Lifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';

export interface VolumeLength {
  readonly volume: string;
  readonly bytes: number;
}

/** What the store worker does for the page. `open` comes first; buffers cross by transfer. */
export interface StoreApi extends Lifeline {
  /** Uses this folder of the origin's private file system, made when missing. */
  open(folder: string): Promise<Outcome<void>>;
  list(): Promise<Outcome<readonly VolumeLength[]>>;
  append(volume: string, data: Bytes): Promise<Outcome<number>>;
  flush(volume: string): Promise<Outcome<void>>;
  read(volume: string, offset: number, length: number): Promise<Outcome<Bytes>>;
  truncate(volume: string, bytes: number): Promise<Outcome<void>>;
  remove(volume: string): Promise<Outcome<void>>;
  close(): Promise<Outcome<void>>;
}
