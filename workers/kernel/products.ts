import type { Combine } from '../../src/core/erasure/erasure.ts';
import { multiply } from '../../src/core/erasure/galois.ts';
import type { Matrix } from '../../src/core/erasure/matrix.ts';
import { newOutputs } from '../../src/core/erasure/products.ts';
import { RoostError } from '../../src/core/errors.ts';
import { CODE_MAX_SHARDS, KIB } from '../../src/core/limits.ts';
import type { Kernel } from './kernel.ts';
import { SMALL, STAGE, STAGE_BYTES, TABLES } from './memory.ts';

/** Outputs of one pass at most: their sums, the sources' nibbles and a table fill the sixteen vector registers of a processor. */
const WIDTH_MAX = 5;
/** Windows are a multiple of this, the kernel's step or more. */
const VECTORS_BYTES = 64;
/** Two tables of sixteen products: with the low nibble and with the high one. */
const TABLE_BYTES = 32;
const WINDOW_MAX_BYTES = 32 * KIB;

/** For each coefficient its table. */
const NIBBLE_TABLES = Uint8Array.from({ length: 256 * TABLE_BYTES }, (_, i) => {
  const nibble = i % 16;
  return multiply(Math.floor(i / TABLE_BYTES), i % TABLE_BYTES < 16 ? nibble : nibble << 4);
});

/** Rows that one pass makes together. */
interface Pass {
  readonly first: number;
  readonly width: number;
  /** address of its tables */
  readonly tables: number;
}

/** The kernel's twin of core/erasure/products.ts. Arrays in its memory are worked on where they are, others in windows that are copied. */
export function createCombine(kernel: Kernel): Combine {
  const memory = new Uint8Array(kernel.buffer);
  const words = new DataView(kernel.buffer);
  const isInside = (bytes: Uint8Array): boolean => bytes.buffer === kernel.buffer;

  function writeTables(rows: Matrix, { first, width, tables }: Pass, count: number): void {
    let at = tables;
    for (let source = 0; source < count; source++) {
      for (let row = first; row < first + width; row++, at += TABLE_BYTES) {
        const table = rows[row]![source]! * TABLE_BYTES;
        memory.set(NIBBLE_TABLES.subarray(table, table + TABLE_BYTES), at);
      }
    }
  }

  return (rows, sources, outputs = newOutputs(rows, sources)) => {
    checkSizes(rows, sources);
    const length = sources[0]?.length ?? 0;
    const arrays = [...sources, ...outputs];
    const passes = planPasses(rows.length, sources.length);
    passes.forEach((pass) => writeTables(rows, pass, sources.length));
    const room = Math.floor(STAGE_BYTES / arrays.length / VECTORS_BYTES) * VECTORS_BYTES;
    const window = Math.min(room, WINDOW_MAX_BYTES);
    const outputAddresses = SMALL.addresses + 4 * sources.length;

    for (let start = 0; start < length; start += window) {
      const size = Math.min(window, length - start);
      const whole = size % VECTORS_BYTES === 0;
      const stage = (i: number): number => STAGE + i * window;
      const isStaged = (bytes: Uint8Array): boolean => !whole || !isInside(bytes);
      arrays.forEach((bytes, i) => {
        const address = isStaged(bytes) ? stage(i) : bytes.byteOffset + start;
        words.setUint32(SMALL.addresses + 4 * i, address, true);
      });
      sources.forEach((bytes, i) => {
        if (isStaged(bytes)) memory.set(bytes.subarray(start, start + size), stage(i));
      });
      const vectors = Math.ceil(size / VECTORS_BYTES) * VECTORS_BYTES;
      for (const { first, width, tables } of passes) {
        const to = outputAddresses + 4 * first;
        kernel.sums[width - 1]!(vectors, sources.length, tables, SMALL.addresses, to);
      }
      outputs.forEach((bytes, i) => {
        if (!isStaged(bytes)) return;
        const from = stage(sources.length + i);
        bytes.set(memory.subarray(from, from + size), start);
      });
    }
    return outputs;
  };
}

/** As few passes as the widest allows, as even as can be: every pass reads all sources. */
function planPasses(rows: number, sources: number): Pass[] {
  const count = Math.ceil(rows / WIDTH_MAX);
  return Array.from({ length: count }, (_, i) => {
    const first = Math.floor((i * rows) / count);
    const width = Math.floor(((i + 1) * rows) / count) - first;
    return { first, width, tables: TABLES + first * sources * TABLE_BYTES };
  });
}

function checkSizes(rows: Matrix, sources: readonly Uint8Array[]): void {
  const shards = rows.length + sources.length;
  if (shards > CODE_MAX_SHARDS) {
    throw new RoostError('usage', `rows and sources must be at most ${CODE_MAX_SHARDS}, got ${shards}`);
  }
}
