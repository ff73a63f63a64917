import type { Bytes } from '../../src/core/bytes.ts';
import { gearTable } from '../../src/core/chunk/gear.ts';
import type { CodecEngines } from '../../src/core/codec/engines.ts';
import { PLAIN_ENGINES } from '../../src/core/codec/engines.ts';
import { parseCode } from '../../src/core/erasure/codes.ts';
import type { Code } from '../../src/core/erasure/codes.ts';
import type { Combine, ShardBytes } from '../../src/core/erasure/erasure.ts';
import { reconstructShards } from '../../src/core/erasure/erasure.ts';
import { MIB, PACK_TARGET_BYTES } from '../../src/core/limits.ts';
import { kernelEngines } from '../../workers/kernel/engines.ts';
import { KERNEL_VARIANTS, loadKernel } from '../../workers/kernel/kernel.ts';

/** What is measured in a browser's worker and under Node.js alike: this file uses nothing of either. */

/** Megabytes of input a second, by what was measured. */
export type Speeds = Readonly<Record<string, number>>;

export const CODES = ['6+3', '10+4', '20+10'] as const;
const CUT_BYTES = 16 * MIB;
const NOISE = noise(CUT_BYTES, 3);
/** The compilers are done by then, whatever else the machine does. */
const REPETITIONS_MIN = 40;
/** A slow twin need not be repeated so often. */
const PATIENCE = 10;

/**
 * @param milliseconds for each speed at least
 * @returns speeds of the fastest repetition, which is the one that other work disturbed least
 */
export function measureKernel(milliseconds: number): Speeds {
  const speeds: Record<string, number> = {};
  const measure = (what: string, bytes: number, work: () => unknown): void => {
    let best = Infinity;
    const begin = performance.now();
    for (let repetition = 0, took = 0; took < milliseconds * PATIENCE; repetition++) {
      if (took >= milliseconds && repetition >= REPETITIONS_MIN) break;
      const started = performance.now();
      work();
      const ended = performance.now();
      best = Math.min(best, ended - started);
      took = ended - begin;
    }
    speeds[what] = bytes / best / 1000;
  };

  const variants: (readonly [string, CodecEngines])[] = [['plain', PLAIN_ENGINES]];
  for (const variant of KERNEL_VARIANTS) {
    const kernel = loadKernel(variant);
    if (kernel !== undefined) variants.push([variant, kernelEngines(kernel)]);
  }
  for (const text of CODES) {
    const code = parseCode(`reed-solomon:${text}`);
    for (const [variant, engines] of variants) {
      measureInside(code, engines, (work, bytes, run) => measure(`${text} ${work} ${variant}`, bytes, run));
    }
    const [, fastest] = variants[1] ?? variants[0]!;
    measureAsCalled(code, fastest, (work, bytes, run) => measure(`${text} ${work} codec`, bytes, run));
  }
  const gear = gearTable(noise(1024, 4));
  for (const [variant, engines] of variants) {
    const part = { start: 0, length: CUT_BYTES, final: true };
    measure(`cut ${variant}`, CUT_BYTES, () => engines.cut(NOISE, part, gear));
  }
  return speeds;
}

type Measure = (work: string, bytes: number, run: () => unknown) => void;

/** All bytes in the kernel's memory. */
function measureInside(code: Code, { combine, takeRoom }: CodecEngines, measure: Measure): void {
  const { m, k } = code;
  const length = shardBytes(m);
  const rooms = [takeRoom(m * length), takeRoom(k * length)] as const;
  rooms[0].bytes.set(NOISE.subarray(0, m * length));
  const data = split(rooms[0].bytes, m);
  const outputs = split(rooms[1].bytes, k);
  const intoRoom: Combine = (rows, sources) => combine(rows, sources, outputs);
  const shards = data.map((bytes, shard) => ({ shard, bytes }));
  const parity = [...Array(k).keys()].map((i) => m + i);
  measure('encode', m * length, () => reconstructShards(code, shards, parity, intoRoom));
  const { present, lost } = withoutFirst(shards, k);
  measure('reconstruct', m * length, () => reconstructShards(code, present, lost, intoRoom));
  rooms.forEach((room) => room.release());
}

/** As core/codec/operations.ts does it: a pack is put together in a room, ranges of shards come and go in arrays of their own. */
function measureAsCalled(code: Code, { combine, takeRoom }: CodecEngines, measure: Measure): void {
  const { m, k } = code;
  const length = shardBytes(m);
  const bundles = NOISE.subarray(0, m * length);
  const parity = [...Array(k).keys()].map((i) => m + i);
  measure('encode', m * length, () => {
    const pack = takeRoom(m * length);
    const outputs = takeRoom(k * length);
    pack.bytes.set(bundles);
    const shards = split(pack.bytes, m).map((bytes, shard) => ({ shard, bytes }));
    reconstructShards(code, shards, parity, (rows, sources) =>
      combine(rows, sources, split(outputs.bytes, k)),
    );
    pack.release();
    outputs.release();
  });
  const shards = split(bundles, m).map((bytes, shard) => ({ shard, bytes: bytes.slice() }));
  const { present, lost } = withoutFirst(shards, k);
  measure('reconstruct', m * length, () => reconstructShards(code, present, lost, combine));
}

/** The first `k` data shards are lost. What stands for the parity may be any bytes: the work is the same. */
function withoutFirst(
  data: readonly ShardBytes[],
  k: number,
): { readonly present: readonly ShardBytes[]; readonly lost: readonly number[] } {
  const present = data.map(({ shard, bytes }) => ({ shard: shard + k, bytes }));
  return { present, lost: [...Array(k).keys()] };
}

function shardBytes(m: number): number {
  return Math.ceil(PACK_TARGET_BYTES / m / 64) * 64;
}

function split(bytes: Bytes, count: number): Bytes[] {
  const length = bytes.length / count;
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}

/** Bytes that no chunker finds a pattern in (xorshift). */
function noise(length: number, seed: number): Bytes {
  let state = seed;
  return new Uint8Array(length).map(() => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}
