import type { Bytes } from '../bytes.ts';
import { multiply } from './galois.ts';
import type { Matrix } from './matrix.ts';

/** Outputs that one table lookup serves: their products are packed into one 32-bit word. */
const LANES = 4;
/** Bytes of a source worked on at a time: source blocks, sums and tables stay in the processor's first-level cache. */
const BLOCK_BYTES = 2048;

const ZERO_TABLE = new Uint32Array(256);
const ZERO_SOURCE = new Uint8Array(BLOCK_BYTES);

/**
 * outputs[p][x] = sum over j of rows[p][j] * sources[j][x]. All sources have the same length.
 * @param outputs one for each row, as long as the sources, to be overwritten; new ones when left out
 */
export function combine(
  rows: Matrix,
  sources: readonly Uint8Array[],
  outputs: readonly Bytes[] = newOutputs(rows, sources),
): readonly Bytes[] {
  const length = sources[0]?.length ?? 0;
  for (let first = 0; first < rows.length; first += LANES) {
    const lanes = rows.slice(first, first + LANES);
    const tables = sources.map((_, j) => productTable(lanes.map((row) => row[j]!)));
    combineLanes(tables, sources, outputs.slice(first, first + LANES), length);
  }
  return outputs;
}

export function newOutputs(rows: Matrix, sources: readonly Uint8Array[]): Bytes[] {
  const length = sources[0]?.length ?? 0;
  return rows.map(() => new Uint8Array(length));
}

/** For each byte its product with up to four coefficients, the first in the lowest bits. */
function productTable(coefficients: readonly number[]): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) =>
    coefficients.reduce((word, c, lane) => word | (multiply(c, byte) << (8 * lane)), 0),
  );
}

function combineLanes(
  tables: readonly Uint32Array[],
  sources: readonly Uint8Array[],
  outputs: readonly Bytes[],
  length: number,
): void {
  const sums = new Uint32Array(BLOCK_BYTES);
  for (let start = 0; start < length; start += BLOCK_BYTES) {
    const size = Math.min(BLOCK_BYTES, length - start);
    sums.fill(0);
    // Four sources a pass, so that the sums are loaded and stored a quarter as often.
    for (let j = 0; j < sources.length; j += 4) {
      const block = (at: number): Uint8Array => sources[at]?.subarray(start, start + size) ?? ZERO_SOURCE;
      const table = (at: number): Uint32Array => tables[at] ?? ZERO_TABLE;
      addFour(
        sums,
        size,
        table(j),
        block(j),
        table(j + 1),
        block(j + 1),
        table(j + 2),
        block(j + 2),
        table(j + 3),
        block(j + 3),
      );
    }
    outputs.forEach((output, lane) => unpack(sums, size, 8 * lane, output, start));
  }
}

function addFour(
  sums: Uint32Array,
  size: number,
  t0: Uint32Array,
  s0: Uint8Array,
  t1: Uint32Array,
  s1: Uint8Array,
  t2: Uint32Array,
  s2: Uint8Array,
  t3: Uint32Array,
  s3: Uint8Array,
): void {
  for (let i = 0; i < size; i++) {
    sums[i]! ^= t0[s0[i]!]! ^ t1[s1[i]!]! ^ t2[s2[i]!]! ^ t3[s3[i]!]!;
  }
}

function unpack(sums: Uint32Array, size: number, shift: number, output: Bytes, start: number): void {
  for (let i = 0; i < size; i++) output[start + i] = sums[i]! >>> shift;
}

/** The exclusive or of all sources. */
export function xorAll(sources: readonly Uint8Array[]): Bytes {
  const [first = new Uint8Array(0), ...others] = sources;
  const out = new Uint8Array(first);
  const words = new Uint32Array(out.buffer, 0, out.length >>> 2);
  for (const source of others) {
    const aligned = source.byteOffset % 4 === 0;
    const other = aligned ? source : new Uint8Array(source);
    const otherWords = new Uint32Array(other.buffer, other.byteOffset, words.length);
    for (let i = 0; i < words.length; i++) words[i]! ^= otherWords[i]!;
    for (let i = words.length * 4; i < out.length; i++) out[i]! ^= source[i]!;
  }
  return out;
}
