import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import { portableName, safeParts } from '../../core/snapshot/safe-path.ts';
import type { FileWriter, RestoredEntry, Sink } from '../../ports/sink.ts';
import { crc32 } from './crc32.ts';
import type { ZipEntry } from './zip-records.ts';
import {
  ZIP64_FROM_BYTES,
  centralHeader,
  dataDescriptor,
  endOfArchive,
  localHeader,
  zipName,
} from './zip-records.ts';

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
/** A ZIP counts its names in 16 bits. */
const NAME_MAX_BYTES = 0xffff;
const NS_PER_MS = 1_000_000n;

export interface ZipSinkOptions {
  /** writes names that Windows does not take in an escaped form */
  readonly portableNames?: boolean;
}

/**
 * Writes an archive as it goes; nothing is kept but its directory. A file that is given up half way is not in the directory,
 * so unpackers pass over its bytes.
 */
export class ZipSink implements Sink {
  readonly parallel = 1;
  readonly #out: WritableStreamDefaultWriter<Bytes>;
  readonly #portable: boolean;
  readonly #directory: Bytes[] = [];
  readonly #folders = new Set<string>();
  #offset = 0;
  #large = false;
  #writing = false;

  constructor(out: WritableStream<Bytes>, { portableNames = false }: ZipSinkOptions = {}) {
    this.#out = out.getWriter();
    this.#portable = portableNames;
    // Told by the next write.
    this.#out.closed.catch(() => undefined);
  }

  async folder(entry: RestoredEntry): Promise<void> {
    const path = this.#path(entry.path);
    this.#begin();
    try {
      if (this.#folders.has(path)) return;
      this.#folders.add(path);
      const zipped = this.#entry('folder', path, entry);
      await this.#write(localHeader(zipped));
      this.#directory.push(centralHeader(zipped, { crc: 0, bytes: 0 }));
    } finally {
      this.#writing = false;
    }
  }

  async file(entry: RestoredEntry): Promise<FileWriter> {
    const path = this.#path(entry.path);
    this.#begin();
    const zipped = this.#entry('file', path, entry);
    try {
      await this.#write(localHeader(zipped));
    } catch (error) {
      this.#writing = false;
      throw error;
    }
    let crc = 0;
    let bytes = 0;
    let open = true;
    const end = (): void => {
      open = false;
      this.#writing = false;
    };
    const checkOpen = (): void => {
      if (!open) throw new RoostError('usage', 'the file of the archive is closed');
    };
    return {
      write: async (data) => {
        checkOpen();
        if (!zipped.large && bytes + data.length >= ZIP64_FROM_BYTES) {
          throw new RoostError('corrupt', `file must have ${entry.size} bytes, got more`);
        }
        crc = crc32(crc, data);
        bytes += data.length;
        // A copy: the stream may keep the bytes for a while, or give them away.
        await this.#write(data.slice());
      },
      close: async () => {
        checkOpen();
        end();
        await this.#write(dataDescriptor(zipped, { crc, bytes }));
        this.#directory.push(centralHeader(zipped, { crc, bytes }));
        this.#large ||= zipped.large;
      },
      abort: async () => {
        if (open) end();
        await Promise.resolve();
      },
    };
  }

  async link(entry: RestoredEntry): Promise<void> {
    this.#path(entry.path);
    await Promise.resolve();
    // Unpackers disagree on links in archives, and those that follow them can be led out of the target.
    throw new RoostError('unsupported', 'symbolic links cannot be put into a ZIP file');
  }

  async finish(): Promise<void> {
    this.#begin();
    const start = this.#offset;
    for (const record of this.#directory) await this.#write(record);
    const entries = this.#directory.length;
    await this.#write(endOfArchive({ entries, start, bytes: this.#offset - start, large: this.#large }));
    await this.#guard(() => this.#out.close());
  }

  async abort(reason: string): Promise<void> {
    this.#writing = true;
    await this.#out.abort(new RoostError('aborted', reason)).catch(() => undefined);
  }

  #begin(): void {
    if (this.#writing) throw new RoostError('usage', 'an archive is written one file after another');
    this.#writing = true;
  }

  /** @throws RoostError 'refused' for a path that could leave the target */
  #path(path: string): string {
    const parts = safeParts(path);
    return this.#portable ? parts.map(portableName).join('/') : path;
  }

  #entry(kind: ZipEntry['kind'], path: string, entry: RestoredEntry): ZipEntry {
    const name = zipName(path, kind);
    if (name.length > NAME_MAX_BYTES) {
      this.#writing = false;
      throw new RoostError(
        'refused',
        `a path in a ZIP file must be at most ${NAME_MAX_BYTES} bytes, got ${name.length}`,
      );
    }
    const usual = kind === 'file' ? FILE_MODE : FOLDER_MODE;
    return {
      kind,
      name,
      mtimeMs: Number(entry.mtimeNs / NS_PER_MS),
      mode: entry.mode === undefined ? usual : entry.mode & 0o777,
      offset: this.#offset,
      large: entry.size >= ZIP64_FROM_BYTES,
    };
  }

  async #write(bytes: Bytes): Promise<void> {
    this.#offset += bytes.length;
    await this.#guard(async () => {
      await this.#out.ready;
      // Not waited for: `ready` of the next write is the back-pressure, and tells a failure too.
      this.#out.write(bytes).catch(() => undefined);
    });
  }

  async #guard(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (error instanceof RoostError) throw error;
      throw new RoostError('aborted', `the archive could not be written: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
}
