import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { KINDS, NUMBERS_PER_ENTRY } from './disk-messages.ts';
import type { Listing } from './disk-messages.ts';
import { codeOf } from './system-faults.ts';

/** Entries after which no further folder is listed in one answer. */
const LISTING_ENTRIES = 2_000;
/** What a decoder puts in the place of bytes that are no UTF-8; it may be part of a name, too. */
const REPLACEMENT = '\ufffd';
const PERMISSIONS = 0o7777n;

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'vanished while it was read',
  ENOTDIR: 'vanished while it was read',
  EIO: 'the disk cannot read it',
  ELOOP: 'too many links',
  ENAMETOOLONG: 'its path is too long',
};

/** Lists folders one after another until the answer is long enough; synchronously, for the disk thread. */
export function listFolders(root: string, folders: readonly string[]): Listing {
  const columns = new Columns();
  for (const folder of folders) {
    const before = columns.length;
    const place = folder === '' ? root : `${root}/${folder}`;
    let names: Names | undefined;
    try {
      names = namesIn(place);
    } catch (error) {
      columns.faults.set(columns.counts.length, reasonOf(error));
    }
    for (const name of names?.unreadable ?? [])
      columns.unsaved('unreadable', name, 'its name is no valid UTF-8');
    for (const name of names?.readable ?? []) look(columns, place, name);
    columns.counts.push(columns.length - before);
    if (columns.length >= LISTING_ENTRIES) break;
  }
  return columns.listing();
}

class Columns {
  readonly counts: number[] = [];
  readonly faults = new Map<number, string>();
  readonly #texts = new Map<number, string>();
  readonly #numbers: number[] = [];
  readonly #mtimesNs: bigint[] = [];
  #names = '';

  get length(): number {
    return this.#mtimesNs.length;
  }

  add(name: string, kind: 'file' | 'folder' | 'link', stat: BigIntStats, text?: string): void {
    if (text !== undefined) this.#texts.set(this.length, text);
    this.#names += `${name}\0`;
    this.#numbers.push(
      KINDS.indexOf(kind),
      kind === 'file' ? Number(stat.size) : 0,
      Number(stat.mode & PERMISSIONS),
      Number(stat.uid),
      Number(stat.gid),
    );
    this.#mtimesNs.push(stat.mtimeNs);
  }

  unsaved(kind: 'unreadable' | 'special', name: string, reason: string): void {
    this.#texts.set(this.length, reason);
    this.#names += `${name}\0`;
    this.#numbers.push(KINDS.indexOf(kind), ...new Array<number>(NUMBERS_PER_ENTRY - 1).fill(0));
    this.#mtimesNs.push(0n);
  }

  listing(): Listing {
    return {
      counts: this.counts,
      names: this.#names,
      numbers: Float64Array.from(this.#numbers),
      mtimesNs: BigInt64Array.from(this.#mtimesNs),
      texts: this.#texts,
      faults: this.faults,
    };
  }
}

interface Names {
  readonly readable: readonly string[];
  /** with their wrong bytes as \xNN */
  readonly unreadable: readonly string[];
}

/** Names in a folder in the order of their code units. */
function namesIn(place: string): Names {
  const names = readdirSync(place);
  if (!names.some((name) => name.includes(REPLACEMENT))) return { readable: names.sort(), unreadable: [] };
  const readable: string[] = [];
  const unreadable: string[] = [];
  for (const bytes of readdirSync(place, { encoding: 'buffer' })) {
    const text = bytes.toString('utf8');
    if (Buffer.from(text).equals(bytes)) readable.push(text);
    else unreadable.push(escaped(bytes));
  }
  return { readable: readable.sort(), unreadable: unreadable.sort() };
}

function look(columns: Columns, folder: string, name: string): void {
  const place = `${folder}/${name}`;
  try {
    const stat = lstatSync(place, { bigint: true });
    if (stat.isFile()) columns.add(name, 'file', stat);
    else if (stat.isDirectory()) columns.add(name, 'folder', stat);
    else if (stat.isSymbolicLink()) {
      const bytes = readlinkSync(place, { encoding: 'buffer' });
      const target = bytes.toString('utf8');
      if (Buffer.from(target).equals(bytes)) columns.add(name, 'link', stat, target);
      else columns.unsaved('unreadable', name, 'its target is no valid UTF-8');
    } else columns.unsaved('special', name, specialKind(stat));
  } catch (error) {
    columns.unsaved('unreadable', name, reasonOf(error));
  }
}

function specialKind(stat: BigIntStats): string {
  if (stat.isSocket()) return 'a socket has no content to save';
  if (stat.isFIFO()) return 'a pipe has no content to save';
  return 'a device has no content to save';
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return REASONS[code ?? ''] ?? `the system says ${code ?? 'nothing more'}`;
}

/** Names that are no UTF-8 can be shown but not saved: a tree's names are text. */
function escaped(bytes: Buffer): string {
  let shown = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    shown += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return shown;
}
