import type { Bytes } from '../../core/bytes.ts';
import type { Random } from '../../ports/random.ts';

/** Most bytes of one call of getRandomValues. */
const CALL_MAX_BYTES = 65_536;

function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += CALL_MAX_BYTES) {
    crypto.getRandomValues(bytes.subarray(start, start + CALL_MAX_BYTES));
  }
  return bytes;
}

/** The browser's cryptographic chance. */
export const systemRandom: Random = {
  bytes: randomBytes,
  fraction() {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    // 53 bits, as many as a fraction holds
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
  },
};
