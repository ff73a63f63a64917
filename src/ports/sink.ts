import type { Bytes } from '../core/bytes.ts';
import type { SourceEntry } from './source.ts';

/**
 * Where a restore goes: a directory, a picked directory handle, a streamed ZIP, memory, nowhere (check).
 * Paths are untrusted: the agent passes only parts that core/snapshot/safe-path.ts let through, and every sink checks again.
 * Files are written one after another unless `parallel` says how many may be open at once.
 */
export interface Sink {
  readonly parallel: number;
  folder(entry: RestoredEntry): Promise<void>;
  /**
   * Starts a file; bytes come in order. `close` finishes it (mode, mtime, rename into place), `abort` leaves nothing. That its place cannot be
   * written may be told by any of them: a sink may wait for bytes before it makes the file.
   */
  file(entry: RestoredEntry): Promise<FileWriter>;
  /**
   * A file that lies at the entry's place with as many bytes, to be compared with what would be written there; undefined when there is none.
   * Sinks that begin with nothing have none.
   */
  existing?(entry: RestoredEntry): Promise<ExistingFile | undefined>;
  /** Makes a symbolic link, or rejects with RoostError 'unsupported' where it cannot be had. */
  link(entry: RestoredEntry): Promise<void>;
  /** All is written: sets folder times, ends the archive. */
  finish(): Promise<void>;
  abort(reason: string): Promise<void>;
}

export type RestoredEntry = Omit<SourceEntry, 'kind'>;

/** What it throws means that the file is to be written anew. */
export interface ExistingFile {
  /** All `length` bytes from `offset` on. */
  read(offset: number, length: number): Promise<Bytes>;
  /** Its bytes are those of the entry: it stays, with the times and the mode that `file` would have given it. */
  keep(): Promise<void>;
}

export interface FileWriter {
  /** Resolves when the sink can take more. It may keep the bytes until the file is closed: they must not change, and it does not change them. */
  write(data: Bytes): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}
