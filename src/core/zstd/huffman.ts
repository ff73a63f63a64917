import { BackwardBits } from './backward-bits.ts';
import { corruptFrame } from './frame.ts';
import { firstState, floorLog2, readFseTable } from './fse.ts';

/** The literals' code (RFC 8878, section 4.2): indexed by the next `bits` bits, each entry the symbol and, above it, its own bits. */
export interface HuffmanTable {
  readonly bits: number;
  readonly entries: Uint16Array;
}

const MAX_BITS = 11;
const MAX_SYMBOLS = 256;
const WEIGHTS_MAX_LOG = 6;

/** @returns the table, and where the bytes behind its description begin. @throws RoostError 'corrupt' */
export function readHuffmanTable(
  view: DataView,
  start: number,
  end: number,
): { readonly table: HuffmanTable; readonly next: number } {
  if (start >= end) throw corruptFrame(`must have a table before ${end}, got none`);
  const header = view.getUint8(start);
  const packed = header < 128;
  const next = start + 1 + (packed ? header : (header - 126) >> 1);
  if (next > end) throw corruptFrame(`must have a table that ends before ${end}, got ${next}`);
  const weights = packed
    ? packedWeights(view, start + 1, next)
    : Array.from({ length: header - 127 }, (_, i) => {
        const byte = view.getUint8(start + 1 + (i >> 1));
        return i % 2 === 0 ? byte >> 4 : byte & 15;
      });
  return { table: huffmanTable(weights), next };
}

/** Weights coded by two states that take turns until the bits run out. */
function packedWeights(view: DataView, start: number, end: number): number[] {
  const most = { log: WEIGHTS_MAX_LOG, symbol: MAX_BITS };
  const { table, next } = readFseTable(view, start, end, most);
  const bits = new BackwardBits(view, next, end);
  let [state, other] = [firstState(table, bits), firstState(table, bits)];
  const weights: number[] = [];
  while (weights.length < MAX_SYMBOLS) {
    weights.push(table.symbols[state]!);
    const count = table.bits[state]!;
    if (count > bits.left) {
      weights.push(table.symbols[other]!);
      return weights;
    }
    [state, other] = [other, table.bases[state]! + bits.read(count)];
  }
  throw corruptFrame(`must have at most ${MAX_SYMBOLS} weights, got more`);
}

/** @param weights of all symbols but the last, whose weight makes the sum a power of two */
function huffmanTable(weights: readonly number[]): HuffmanTable {
  if (weights.some((weight) => weight > MAX_BITS) || weights.length >= MAX_SYMBOLS)
    throw corruptFrame(`must have at most ${MAX_SYMBOLS - 1} weights up to ${MAX_BITS}, got others`);
  const sum = weights.reduce((all, weight) => all + (weight === 0 ? 0 : 2 ** (weight - 1)), 0);
  if (sum === 0) throw corruptFrame('must have a weight above 0, got none');
  const bits = floorLog2(sum) + 1;
  const rest = 2 ** bits - sum;
  if (bits > MAX_BITS || (rest & (rest - 1)) !== 0)
    throw corruptFrame(`must have weights that one more completes, got a sum of ${sum}`);
  const all = [...weights, floorLog2(rest) + 1];
  const entries = new Uint16Array(2 ** bits);
  let at = 0;
  for (let weight = 1; weight <= bits; weight++) {
    all.forEach((own, symbol) => {
      if (own === weight) entries.fill(symbol | ((bits + 1 - weight) << 8), at, (at += 2 ** (weight - 1)));
    });
  }
  return { bits, entries };
}

/** Decodes one stream, which must fill `out` and end with it. @throws RoostError 'corrupt' */
export function decodeHuffman(
  view: DataView,
  start: number,
  end: number,
  table: HuffmanTable,
  out: Uint8Array,
): void {
  const { bits: width, entries } = table;
  const bits = new BackwardBits(view, start, end);
  const firstBit = start * 8;
  const mask = 2 ** width - 1;
  let left = bits.left;
  let at = 0;
  // Two symbols to a read of four bytes: each takes at most 11 bits of the 25 that are whole in it.
  for (const pairs = out.length - 1; at < pairs && left >= 2 * MAX_BITS; at += 2) {
    const bit = firstBit + left - 2 * MAX_BITS;
    const word = view.getUint32(bit >>> 3, true) >>> (bit & 7);
    const first = entries[(word >>> (2 * MAX_BITS - width)) & mask]!;
    const used = first >>> 8;
    const second = entries[(word >>> (2 * MAX_BITS - width - used)) & mask]!;
    out[at] = first;
    out[at + 1] = second;
    left -= used + (second >>> 8);
  }
  bits.left = left;
  for (; at < out.length; at++) {
    const entry = entries[bits.peek(width)]!;
    out[at] = entry;
    bits.read(entry >>> 8);
  }
  if (bits.left !== 0) throw corruptFrame(`must use up a stream of literals, got ${bits.left} bits more`);
}
