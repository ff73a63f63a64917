import { opendir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import { KIB } from '../../core/limits.ts';
import { safeParts } from '../../core/snapshot/safe-path.ts';
import type { ExistingFile, FileWriter, RestoredEntry, Sink } from '../../ports/sink.ts';
import { disk } from './disk.ts';
import { PATH_RULE } from './disk-writing.ts';
import { DiskWriter } from './disk-writer.ts';
import { makeFolder } from './make-folder.ts';
import { onSystem } from './system-faults.ts';

/** Small files go to the disk many at a time; as many are written side by side. */
const PARALLEL = 64;
/** Bytes of a file that are collected before they are written; smaller files are made, written and put in place by one step. */
const PART_BYTES = 512 * KIB;

/** A folder on disk to restore into, made when it is missing. */
export async function directorySink(path: string): Promise<Sink> {
  return onSystem('the target folder cannot be used', async () => {
    const target = resolve(path);
    disk.prepare();
    await makeFolder(target);
    // The target may be a link, chosen on purpose; below it none is followed.
    const root = await realpath(target);
    return new FolderSink(root, await isEmpty(root));
  });
}

class FolderSink implements Sink {
  readonly parallel = PARALLEL;
  readonly #root: string;
  /** nothing was in it at the beginning */
  readonly #fresh: boolean;
  readonly #disk: DiskWriter;
  readonly #folders: RestoredEntry[] = [];
  readonly #open = new Set<FolderFile>();

  constructor(root: string, fresh: boolean) {
    this.#root = root;
    this.#fresh = fresh;
    this.#disk = new DiskWriter(root);
  }

  async folder(entry: RestoredEntry): Promise<void> {
    await this.#disk.folder(entry.path);
    this.#folders.push(entry);
  }

  async file(entry: RestoredEntry): Promise<FileWriter> {
    safeParts(entry.path, PATH_RULE);
    const file: FolderFile = new FolderFile(this.#disk, entry, () => this.#open.delete(file));
    this.#open.add(file);
    await Promise.resolve();
    return file;
  }

  async existing(entry: RestoredEntry): Promise<ExistingFile | undefined> {
    if (this.#fresh) return undefined;
    const parts = safeParts(entry.path, PATH_RULE);
    const path = parts.join('/');
    // No folder on the way to it is a link.
    if (parts.length > 1) await this.#disk.folder(parts.slice(0, -1).join('/'));
    const there = await this.#read(path, 0, 0);
    if (there?.size !== entry.size) return undefined;
    return {
      read: async (offset, length) => {
        const read = await this.#read(path, offset, length);
        if (read?.bytes.length !== length)
          throw new RoostError('not-found', `"${path}" has changed meanwhile`);
        return read.bytes;
      },
      keep: () => this.#disk.finishFile(entry),
    };
  }

  async #read(
    path: string,
    offset: number,
    length: number,
  ): Promise<{ size: number; bytes: Bytes } | undefined> {
    const range = { path, offset, length };
    const { buffer, reads } = await disk.readInto(this.#root, new Uint8Array(length), 0, [range]);
    const [read] = reads;
    if (read === undefined || 'reason' in read) return undefined;
    return { size: read.size, bytes: buffer.subarray(0, read.bytes) };
  }

  link({ path, target, mtimeNs }: RestoredEntry): Promise<void> {
    return this.#disk.link(path, target ?? '', mtimeNs);
  }

  async finish(): Promise<void> {
    // The deepest first: setting the times of what is inside would change those of a folder.
    const folders = [...this.#folders].sort((a, b) => depth(b.path) - depth(a.path));
    await Promise.all(folders.map((entry) => this.#disk.finishFolder(entry.path, entry)));
  }

  async abort(reason: string): Promise<void> {
    const ended = await Promise.allSettled([...this.#open].map((file) => file.abort()));
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      const why = messageOf(failed.reason);
      throw new RoostError('internal', `after "${reason}" a temporary file could not be removed: ${why}`);
    }
  }
}

class FolderFile implements FileWriter {
  readonly #disk: DiskWriter;
  readonly #entry: RestoredEntry;
  readonly #ended: () => void;
  readonly #number: number;
  #pieces: Bytes[] = [];
  #bytes = 0;
  #first = true;

  constructor(disk: DiskWriter, entry: RestoredEntry, ended: () => void) {
    this.#disk = disk;
    this.#entry = entry;
    this.#ended = ended;
    this.#number = disk.newFile();
  }

  async write(data: Bytes): Promise<void> {
    this.#pieces.push(data);
    this.#bytes += data.length;
    if (this.#bytes >= PART_BYTES) await this.#part(false);
  }

  async close(): Promise<void> {
    this.#ended();
    await this.#part(true);
  }

  async abort(): Promise<void> {
    this.#ended();
    if (!this.#first) await this.#disk.discard(this.#number);
  }

  async #part(last: boolean): Promise<void> {
    const pieces = this.#pieces;
    const first = this.#first;
    this.#pieces = [];
    this.#bytes = 0;
    this.#first = false;
    await this.#disk.part(this.#number, this.#entry, pieces, { first, last });
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  const listing = await opendir(folder);
  try {
    return (await listing.read()) === null;
  } finally {
    await listing.close();
  }
}

const depth = (path: string): number => path.split('/').length;
