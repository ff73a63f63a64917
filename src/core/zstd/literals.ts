import { corruptFrame } from './frame.ts';
import type { HuffmanTable } from './huffman.ts';
import { decodeHuffman, readHuffmanTable } from './huffman.ts';

/** The literals of a compressed block (RFC 8878, section 3.1.1.3.1). */

const [RAW, REPEAT, WITH_TABLE] = [0, 1, 2]; // and 3: with the table of an earlier block
const JUMP_TABLE_BYTES = 6;

export interface Literals {
  readonly bytes: Uint8Array;
  /** for later blocks that bring none */
  readonly table: HuffmanTable | undefined;
  /** where the sequences begin */
  readonly next: number;
}

/**
 * @param frame whole, with its padding
 * @param room takes the literals: as many as a block may give
 * @throws RoostError 'corrupt'
 */
export function readLiterals(
  frame: { readonly bytes: Uint8Array; readonly view: DataView },
  start: number,
  end: number,
  known: HuffmanTable | undefined,
  room: Uint8Array,
): Literals {
  const { bytes, view } = frame;
  const kind = view.getUint8(start) & 3;
  const format = (view.getUint8(start) >> 2) & 3;
  const head = view.getUint32(start, true);
  const reserve = (size: number): Uint8Array => {
    if (size > room.length) throw corruptFrame(`must have at most ${room.length} literals, got ${size}`);
    return room.subarray(0, size);
  };
  const within = (at: number): number => {
    if (at > end) throw corruptFrame(`must have literals that end before ${end}, got ${at}`);
    return at;
  };

  if (kind === RAW || kind === REPEAT) {
    const headerBytes = format === 1 ? 2 : format === 3 ? 3 : 1;
    const size =
      format === 1 ? (head >>> 4) & 0xfff : format === 3 ? (head >>> 4) & 0xf_ffff : (head >>> 3) & 0x1f;
    const out = reserve(size);
    const at = within(start + headerBytes);
    const next = within(at + (kind === RAW ? size : 1));
    if (kind === RAW) out.set(bytes.subarray(at, next));
    else out.fill(view.getUint8(at));
    return { bytes: out, table: known, next };
  }

  const width = format < 2 ? 10 : format === 2 ? 14 : 18;
  const headerBytes = format < 2 ? 3 : format + 2;
  within(start + headerBytes);
  const mask = 2 ** width - 1;
  const out = reserve((head >>> 4) & mask);
  // Of five bytes the first four hold only a part of the second length.
  const packed =
    format < 3 ? (head >>> (4 + width)) & mask : (view.getUint32(start + 1, true) >>> (width - 4)) & mask;
  let at = start + headerBytes;
  const next = within(at + packed);
  let table = known;
  if (kind === WITH_TABLE) ({ table, next: at } = readHuffmanTable(view, at, next));
  if (table === undefined) throw corruptFrame('must have a table for its literals, got none');
  if (format === 0) {
    decodeHuffman(view, at, next, table, out);
    return { bytes: out, table, next };
  }
  const quarter = (out.length + 3) >> 2;
  const streams = at + JUMP_TABLE_BYTES;
  if (streams > next || out.length < 3 * quarter)
    throw corruptFrame(`must have four streams of literals, got ${next - at} bytes for ${out.length}`);
  let stream = streams;
  for (let i = 0; i < 4; i++) {
    const streamEnd = i < 3 ? stream + view.getUint16(at + 2 * i, true) : next;
    if (streamEnd > next) throw corruptFrame(`must have literals that end before ${next}, got ${streamEnd}`);
    const part = i < 3 ? out.subarray(i * quarter, (i + 1) * quarter) : out.subarray(3 * quarter);
    decodeHuffman(view, stream, streamEnd, table, part);
    stream = streamEnd;
  }
  return { bytes: out, table, next };
}
