import { randomFillSync } from 'node:crypto';
import type { Bytes } from '../../core/bytes.ts';
import type { Random } from '../../ports/random.ts';

/** Chance of the operating system. */
export const systemRandom: Random = {
  bytes: (length: number): Bytes => randomFillSync(new Uint8Array(length)),
  fraction(): number {
    const [high = 0, low = 0] = randomFillSync(new Uint32Array(2));
    return ((high >>> 5) * 67_108_864 + (low >>> 6)) / 9_007_199_254_740_992;
  },
};
