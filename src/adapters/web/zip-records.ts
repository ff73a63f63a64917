import type { Bytes } from '../../core/bytes.ts';
import { concatBytes } from '../../core/bytes.ts';
import { encodeUtf8 } from '../../core/utf8.ts';

/**
 * Records of a ZIP file (APPNOTE 6.3.10). Written by hand because client-zip cannot leave out an entry that was given up half
 * way, and writes local times of two seconds only; fflate has no ZIP64. Contents are stored, not deflated.
 */

/** From here on a 32-bit field says "see the ZIP64 field". */
export const ZIP64_FROM_BYTES = 0xffff_ffff;
const ZIP64_FROM_ENTRIES = 0xffff;
const VERSION = 20;
const VERSION_ZIP64 = 45;
const MADE_BY_UNIX = 3 << 8;
/** Bit 3: sizes follow the data. Bit 11: names are UTF-8. */
const FLAGS_FILE = 0x0808;
const FLAGS_FOLDER = 0x0800;
const UNIX_FILE = 0o100000;
const UNIX_FOLDER = 0o040000;
const DOS_FOLDER = 0x10;
const EXTRA_ZIP64 = 0x0001;
const EXTRA_TIME = 0x5455;
const INT32_MAX = 2 ** 31 - 1;

export interface ZipEntry {
  readonly kind: 'file' | 'folder';
  /** as in the archive; a folder's ends with '/' */
  readonly name: Bytes;
  /** milliseconds since 1970; 0 while unknown */
  readonly mtimeMs: number;
  readonly mode: number;
  /** of its local header in the archive */
  readonly offset: number;
  /** whether its sizes take 64 bits; decided before they are known */
  readonly large: boolean;
}

export interface ZipContent {
  readonly crc: number;
  readonly bytes: number;
}

/** Little-endian fields, written one after another. */
class Fields {
  readonly bytes: Bytes;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }
  u8(value: number): this {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
    return this;
  }
  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }
  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }
  u64(value: number): this {
    this.#view.setBigUint64(this.#at, BigInt(value), true);
    this.#at += 8;
    return this;
  }
}

export function zipName(path: string, kind: ZipEntry['kind']): Bytes {
  return encodeUtf8(kind === 'folder' ? `${path}/` : path);
}

export function localHeader(entry: ZipEntry): Bytes {
  const extra = concatBytes(timeExtra(entry.mtimeMs), entry.large ? zip64Extra([0, 0]) : new Uint8Array(0));
  const { time, date } = dosTime(entry.mtimeMs);
  const unknown = entry.large ? ZIP64_FROM_BYTES : 0;
  const header = new Fields(30)
    .u32(0x04034b50)
    .u16(entry.large ? VERSION_ZIP64 : VERSION)
    .u16(entry.kind === 'file' ? FLAGS_FILE : FLAGS_FOLDER)
    .u16(0)
    .u16(time)
    .u16(date)
    .u32(0)
    .u32(unknown)
    .u32(unknown)
    .u16(entry.name.length)
    .u16(extra.length);
  return concatBytes(header.bytes, entry.name, extra);
}

/** Follows the data of a file. */
export function dataDescriptor(entry: ZipEntry, { crc, bytes }: ZipContent): Bytes {
  const fields = new Fields(entry.large ? 24 : 16).u32(0x08074b50).u32(crc);
  return (entry.large ? fields.u64(bytes).u64(bytes) : fields.u32(bytes).u32(bytes)).bytes;
}

export function centralHeader(entry: ZipEntry, { crc, bytes }: ZipContent): Bytes {
  const farAway = entry.offset >= ZIP64_FROM_BYTES;
  const wide = [...(entry.large ? [bytes, bytes] : []), ...(farAway ? [entry.offset] : [])];
  const extra = concatBytes(timeExtra(entry.mtimeMs), wide.length > 0 ? zip64Extra(wide) : new Uint8Array(0));
  const { time, date } = dosTime(entry.mtimeMs);
  const size = entry.large ? ZIP64_FROM_BYTES : bytes;
  const isFile = entry.kind === 'file';
  const unixMode = entry.mode | (isFile ? UNIX_FILE : UNIX_FOLDER);
  const version = wide.length > 0 ? VERSION_ZIP64 : VERSION;
  const header = new Fields(46)
    .u32(0x02014b50)
    .u16(MADE_BY_UNIX | version)
    .u16(version)
    .u16(isFile ? FLAGS_FILE : FLAGS_FOLDER)
    .u16(0)
    .u16(time)
    .u16(date)
    .u32(crc)
    .u32(size)
    .u32(size)
    .u16(entry.name.length)
    .u16(extra.length)
    .u16(0)
    .u16(0)
    .u16(0)
    .u32(unixMode * 0x1_0000 + (isFile ? 0 : DOS_FOLDER))
    .u32(farAway ? ZIP64_FROM_BYTES : entry.offset);
  return concatBytes(header.bytes, entry.name, extra);
}

export interface ZipDirectory {
  readonly entries: number;
  /** where it begins, and its length */
  readonly start: number;
  readonly bytes: number;
  /** whether an entry has 64-bit sizes: some unpackers look for them only then */
  readonly large: boolean;
}

/** The end of the archive: the ZIP64 record and its locator where a number may be too large, then the usual one. */
export function endOfArchive({ entries, start, bytes, large: has64 }: ZipDirectory): Bytes {
  const large =
    has64 || entries >= ZIP64_FROM_ENTRIES || start >= ZIP64_FROM_BYTES || bytes >= ZIP64_FROM_BYTES;
  const end = new Fields(22)
    .u32(0x06054b50)
    .u16(0)
    .u16(0)
    .u16(large ? ZIP64_FROM_ENTRIES : entries)
    .u16(large ? ZIP64_FROM_ENTRIES : entries)
    .u32(large ? ZIP64_FROM_BYTES : bytes)
    .u32(large ? ZIP64_FROM_BYTES : start)
    .u16(0).bytes;
  if (!large) return end;
  const zip64 = new Fields(56)
    .u32(0x06064b50)
    .u64(44)
    .u16(MADE_BY_UNIX | VERSION_ZIP64)
    .u16(VERSION_ZIP64)
    .u32(0)
    .u32(0)
    .u64(entries)
    .u64(entries)
    .u64(bytes)
    .u64(start).bytes;
  const locator = new Fields(20)
    .u32(0x07064b50)
    .u32(0)
    .u64(start + bytes)
    .u32(1).bytes;
  return concatBytes(zip64, locator, end);
}

function zip64Extra(values: readonly number[]): Bytes {
  const fields = new Fields(4 + 8 * values.length).u16(EXTRA_ZIP64).u16(8 * values.length);
  for (const value of values) fields.u64(value);
  return fields.bytes;
}

/** Seconds since 1970 in UTC; the usual fields are local time, in steps of two seconds. */
function timeExtra(mtimeMs: number): Bytes {
  const seconds = Math.floor(mtimeMs / 1000);
  if (mtimeMs === 0 || seconds < -INT32_MAX || seconds > INT32_MAX) return new Uint8Array(0);
  return new Fields(9)
    .u16(EXTRA_TIME)
    .u16(5)
    .u8(1)
    .u32(seconds >>> 0).bytes;
}

function dosTime(mtimeMs: number): { readonly time: number; readonly date: number } {
  const at = new Date(mtimeMs);
  const year = at.getFullYear();
  if (!(year >= 1980)) return { time: 0, date: (1 << 5) | 1 };
  if (year > 2107) return { time: 0xbf7d, date: 0xff9f };
  return {
    time: (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1),
    date: ((year - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate(),
  };
}
