import type { ChunkId } from '../../core/ids.ts';
import { decodeUtf8, encodeUtf8 } from '../../core/utf8.ts';
import type { SourceEntry } from '../../ports/source.ts';
import { ChunkIdList } from './chunk-id-list.ts';

/** The folder itself, whose path is ''. */
export const ROOT = 0;

const KINDS = ['file', 'folder', 'link'] as const;
const FILE = KINDS.indexOf('file');
const FOLDER = KINDS.indexOf('folder');
const FIRST_ROOM = 1024;
const NAME_ROOM_BYTES = 16;
const GROWTH = 1.5;
/** In columns of entries: 0 is the root, which is nobody's child and nobody's neighbour. */
const NONE = 0;
const NO_MODE = -1;

/** What became of a file. */
const NOT_SAVED = 0;
const SAVED = 1;
const SAVED_CHANGED = 2;

type Owner = NonNullable<SourceEntry['owner']>;

/**
 * All that was found in a folder, on its way to becoming trees. There may be millions, so an entry is a number, and what is known of it lies
 * in typed arrays outside of the JavaScript heap: some 55 bytes, its name, and 32 for each chunk.
 */
export class EntryTable {
  #length = 0;
  #kinds = new Uint8Array(FIRST_ROOM);
  #states = new Uint8Array(FIRST_ROOM);
  #parents = new Uint32Array(FIRST_ROOM);
  /** the next child of the same folder */
  #next = new Uint32Array(FIRST_ROOM);
  /** of folders, their first and last child; of files, their first place in #chunks and how many */
  #first = new Uint32Array(FIRST_ROOM);
  #last = new Uint32Array(FIRST_ROOM);
  #sizes = new Float64Array(FIRST_ROOM);
  #mtimesNs = new BigInt64Array(FIRST_ROOM);
  #modes = new Int32Array(FIRST_ROOM).fill(NO_MODE);
  /** places in #owners */
  #ownerOf = new Uint32Array(FIRST_ROOM);
  #nameEnds = new Uint32Array(FIRST_ROOM);
  /** UTF-8 */
  #names = new Uint8Array(FIRST_ROOM * NAME_ROOM_BYTES);
  readonly #owners: (Owner | undefined)[] = [undefined];
  readonly #ownerPlaces = new Map<string, number>();
  readonly #targets = new Map<number, string>();
  readonly #faults = new Map<number, string>();
  readonly #chunks = new ChunkIdList();
  /** files mostly come folder by folder */
  #lastFolder = { folder: ROOT, path: '' };

  /** @param name of the folder */
  constructor(name: string) {
    this.#append(NONE, name, 'folder');
  }

  /** entries, the root among them */
  get length(): number {
    return this.#length;
  }

  /** What is told of the root itself. */
  setRoot(entry: SourceEntry): void {
    this.#describe(ROOT, entry);
  }

  /** @param folder an entry added before. @param name one that a tree can hold */
  add(folder: number, name: string, entry: SourceEntry): number {
    const added = this.#append(folder, name, entry.kind);
    this.#describe(added, entry);
    const before = this.#last[folder]!;
    if (before === NONE) this.#first[folder] = added;
    else this.#next[before] = added;
    this.#last[folder] = added;
    return added;
  }

  kind(entry: number): SourceEntry['kind'] {
    return KINDS[this.#kinds[entry]!]!;
  }

  name(entry: number): string {
    return decodeUtf8(
      this.#names.subarray(entry === 0 ? 0 : this.#nameEnds[entry - 1], this.#nameEnds[entry]),
    );
  }

  /** As the source gave it. */
  path(entry: number): string {
    if (entry === ROOT) return '';
    const folder = this.#parents[entry]!;
    if (folder === ROOT) return this.name(entry);
    if (this.#lastFolder.folder !== folder) this.#lastFolder = { folder, path: this.path(folder) };
    return `${this.#lastFolder.path}/${this.name(entry)}`;
  }

  /** of a saved file, the bytes that were saved */
  size(entry: number): number {
    return this.#sizes[entry]!;
  }

  mtimeNs(entry: number): bigint {
    return this.#mtimesNs[entry]!;
  }

  mode(entry: number): number | undefined {
    const mode = this.#modes[entry]!;
    return mode === NO_MODE ? undefined : mode;
  }

  owner(entry: number): Owner | undefined {
    return this.#owners[this.#ownerOf[entry]!];
  }

  target(entry: number): string | undefined {
    return this.#targets.get(entry);
  }

  /** The folder that an entry lies in; the root lies in itself. */
  folderOf(entry: number): number {
    return this.#parents[entry]!;
  }

  /** Entries of a folder, in the order they were added. */
  *children(folder: number): Generator<number, undefined> {
    for (let child = this.#first[folder]!; child !== NONE; child = this.#next[child]!) yield child;
  }

  /** All folders, each after the one that it lies in. */
  *folders(): Generator<number, undefined> {
    for (let entry = 0; entry < this.#length; entry++) if (this.#kinds[entry] === FOLDER) yield entry;
  }

  *files(): Generator<ScannedFile, undefined> {
    for (let entry = 0; entry < this.#length; entry++)
      if (this.#kinds[entry] === FILE) yield new ScannedFile(this, entry);
  }

  /** Files whose content is not known yet, looked for as they are taken. */
  *unsaved(): Generator<ScannedFile, undefined> {
    for (let entry = 0; entry < this.#length; entry++)
      if (this.#isUnsaved(entry)) yield new ScannedFile(this, entry);
  }

  unsavedBytes(): number {
    let bytes = 0;
    for (let entry = 0; entry < this.#length; entry++)
      if (this.#isUnsaved(entry)) bytes += this.#sizes[entry]!;
    return bytes;
  }

  /**
   * @param bytes really read
   * @param changed the file was another one after it had been read than in the scan: what was read may be of both
   */
  save(file: number, chunks: readonly ChunkId[], bytes: number, changed: boolean): void {
    this.#first[file] = this.#chunks.push(chunks);
    this.#last[file] = chunks.length;
    this.#sizes[file] = bytes;
    this.#states[file] = changed ? SAVED_CHANGED : SAVED;
  }

  /** Content of a saved file; of any other entry undefined. */
  chunks(file: number): readonly ChunkId[] | undefined {
    if (this.#kinds[file] !== FILE || this.#states[file] === NOT_SAVED) return undefined;
    return this.#chunks.slice(this.#first[file]!, this.#last[file]!);
  }

  changed(file: number): boolean {
    return this.#states[file] === SAVED_CHANGED;
  }

  /** why a file could not be read; it is then left out of the trees */
  fault(file: number): string | undefined {
    return this.#faults.get(file);
  }

  setFault(file: number, reason: string): void {
    this.#faults.set(file, reason);
  }

  /** Files that could not be read, or changed meanwhile. */
  *troubled(): Generator<number, undefined> {
    for (let entry = 0; entry < this.#length; entry++)
      if (this.#states[entry] === SAVED_CHANGED || this.#faults.has(entry)) yield entry;
  }

  #isUnsaved(entry: number): boolean {
    return this.#kinds[entry] === FILE && this.#states[entry] === NOT_SAVED;
  }

  #append(folder: number, name: string, kind: SourceEntry['kind']): number {
    const entry = this.#length;
    if (entry === this.#kinds.length) this.#growColumns();
    this.#length++;
    this.#kinds[entry] = KINDS.indexOf(kind);
    this.#parents[entry] = folder;
    this.#putName(entry, name);
    return entry;
  }

  #describe(entry: number, { size, mtimeNs, mode, owner, target }: SourceEntry): void {
    this.#sizes[entry] = size;
    this.#mtimesNs[entry] = mtimeNs;
    this.#modes[entry] = mode ?? NO_MODE;
    this.#ownerOf[entry] = this.#placeOfOwner(owner);
    if (target !== undefined) this.#targets.set(entry, target);
  }

  #placeOfOwner(owner: Owner | undefined): number {
    if (owner === undefined) return 0;
    const last = this.#owners.at(-1);
    if (last?.uid === owner.uid && last.gid === owner.gid) return this.#owners.length - 1;
    const key = `${owner.uid}/${owner.gid}`;
    let place = this.#ownerPlaces.get(key);
    if (place === undefined) {
      place = this.#owners.push(owner) - 1;
      this.#ownerPlaces.set(key, place);
    }
    return place;
  }

  #putName(entry: number, name: string): void {
    let end = entry === 0 ? 0 : this.#nameEnds[entry - 1]!;
    // UTF-8 takes at most three bytes a unit.
    const most = end + 3 * name.length;
    if (most > this.#names.length)
      this.#names = grown(this.#names, Math.max(most, GROWTH * this.#names.length));
    const start = end;
    for (let i = 0; i < name.length; i++) {
      const unit = name.charCodeAt(i);
      if (unit > 0x7f) {
        const bytes = encodeUtf8(name);
        this.#names.set(bytes, start);
        end = start + bytes.length;
        break;
      }
      this.#names[end++] = unit;
    }
    this.#nameEnds[entry] = end;
  }

  #growColumns(): void {
    const room = this.#kinds.length * GROWTH;
    this.#kinds = grown(this.#kinds, room);
    this.#states = grown(this.#states, room);
    this.#parents = grown(this.#parents, room);
    this.#next = grown(this.#next, room);
    this.#first = grown(this.#first, room);
    this.#last = grown(this.#last, room);
    this.#sizes = grown(this.#sizes, room);
    this.#mtimesNs = grown(this.#mtimesNs, room);
    this.#modes = grown(this.#modes, room);
    this.#ownerOf = grown(this.#ownerOf, room);
    this.#nameEnds = grown(this.#nameEnds, room);
  }
}

/** A file while it is read; its state is in the table. */
export class ScannedFile {
  readonly entry: number;
  readonly path: string;
  /** in the scan */
  readonly size: number;
  readonly #table: EntryTable;

  constructor(table: EntryTable, entry: number) {
    this.#table = table;
    this.entry = entry;
    this.path = table.path(entry);
    this.size = table.size(entry);
  }

  get mtimeNs(): bigint {
    return this.#table.mtimeNs(this.entry);
  }

  get fault(): string | undefined {
    return this.#table.fault(this.entry);
  }

  setFault(reason: string): void {
    this.#table.setFault(this.entry, reason);
  }
}

type Column = Uint8Array | Uint32Array | Int32Array | Float64Array | BigInt64Array;

/** The same numbers in an array with room for so many. */
function grown<C extends Column>(column: C, room: number): C {
  const larger = new (column.constructor as new (length: number) => C)(Math.ceil(room));
  larger.set(column as never);
  return larger;
}
