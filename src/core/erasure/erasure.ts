import type { Bytes } from '../bytes.ts';
import { toBytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import type { Code, CodeName } from './codes.ts';
import { totalShards, validateCode } from './codes.ts';
import type { Matrix } from './matrix.ts';
import { cauchyRow, invert, multiplyRow, unitRow } from './matrix.ts';
import { combine as plainCombine, xorAll } from './products.ts';

/** Sums of products (products.ts), by whatever is fastest here. */
export type Combine = (
  rows: Matrix,
  sources: readonly Uint8Array[],
  outputs?: readonly Bytes[],
) => readonly Bytes[];

/** A shard, or the same byte range of each shard: every code works byte by byte. */
export interface ShardBytes {
  readonly shard: number;
  readonly bytes: Bytes;
}

interface ErasureCode {
  /** The `k` parity shards of `m` data shards of equal length. */
  encode(code: Code, data: readonly Uint8Array[], combine: Combine): readonly Bytes[];
  /** Shards `wanted` (none of them present) from `m` distinct others. */
  reconstruct(
    code: Code,
    present: readonly ShardBytes[],
    wanted: readonly number[],
    combine: Combine,
  ): readonly Bytes[];
}

const reedSolomon: ErasureCode = {
  encode: ({ m, k }, data, combine) => combine(parityRows(m, k), data),
  reconstruct({ m }, present, wanted, combine) {
    const row = (shard: number): Uint8Array => (shard < m ? unitRow(m, shard) : cauchyRow(m, shard));
    const back = invert(present.map(({ shard }) => row(shard)));
    const rows = wanted.map((shard) => multiplyRow(row(shard), back));
    return combine(
      rows,
      present.map(({ bytes }) => bytes),
    );
  },
};

/** The sum of all m + 1 shards is zero, so each is the sum of the others. */
const parity: ErasureCode = {
  encode: (_code, data) => [xorAll(data)],
  reconstruct: (_code, present, wanted) => wanted.map(() => xorAll(present.map(({ bytes }) => bytes))),
};

/** Every shard is the pack. */
const mirror: ErasureCode = {
  encode: ({ k }, data) => Array.from({ length: k }, () => xorAll(data)),
  reconstruct: (_code, present, wanted) => wanted.map(() => xorAll(present.map(({ bytes }) => bytes))),
};

/** No parity: with all m shards present none can be wanted. */
const stripe: ErasureCode = {
  encode: () => [],
  reconstruct: () => [],
};

const CODES: Readonly<Record<CodeName, ErasureCode>> = {
  'reed-solomon': reedSolomon,
  parity,
  mirror,
  stripe,
};

function parityRows(m: number, k: number): Matrix {
  return Array.from({ length: k }, (_, i) => cauchyRow(m, m + i));
}

/**
 * Makes the parity shards `m` … `m + k - 1`.
 * @param data the `m` data shards, of equal length
 * @throws RoostError 'usage' on another number or unequal lengths
 */
export function encodeParity(
  code: Code,
  data: readonly Uint8Array[],
  combine: Combine = plainCombine,
): readonly Bytes[] {
  validateCode(code);
  if (data.length !== code.m)
    throw new RoostError('usage', `"data" must have ${code.m} shards, got ${data.length}`);
  checkLengths(data);
  return CODES[code.name].encode(code, data, combine);
}

/**
 * Gives the shards `wanted` (data or parity; those present are handed back as they are) from any `m` distinct shards.
 * More than `m` may be given, the first ones are used.
 * @throws RoostError 'too-few' when fewer than `m` distinct shards are given, 'usage' on unequal lengths or unknown shards
 */
export function reconstructShards(
  code: Code,
  present: readonly ShardBytes[],
  wanted: readonly number[],
  combine: Combine = plainCombine,
): Bytes[] {
  validateCode(code);
  const n = totalShards(code);
  const byShard = new Map<number, Bytes>();
  for (const shard of [...wanted, ...present.map((given) => given.shard)]) {
    if (!Number.isInteger(shard) || shard < 0 || shard >= n) {
      throw new RoostError('usage', `shard must be from 0 to ${n - 1}, got ${shard}`);
    }
  }
  for (const { shard, bytes } of present) if (!byShard.has(shard)) byShard.set(shard, toBytes(bytes));
  const missing = [...new Set(wanted)].filter((shard) => !byShard.has(shard));
  if (missing.length > 0) {
    if (byShard.size < code.m) {
      throw new RoostError('too-few', `${code.m} distinct shards are needed, got ${byShard.size}`);
    }
    const used = [...byShard].slice(0, code.m).map(([shard, bytes]) => ({ shard, bytes }));
    checkLengths(used.map(({ bytes }) => bytes));
    const made = CODES[code.name].reconstruct(code, used, missing, combine);
    missing.forEach((shard, i) => byShard.set(shard, made[i]!));
  }
  return wanted.map((shard) => byShard.get(shard)!);
}

function checkLengths(shards: readonly Uint8Array[]): void {
  const length = shards[0]?.length ?? 0;
  const other = shards.find((shard) => shard.length !== length);
  if (other)
    throw new RoostError(
      'usage',
      `shards must have the same length, got ${length} and ${other.length} bytes`,
    );
}
