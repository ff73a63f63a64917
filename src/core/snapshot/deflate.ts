import { Inflate, deflateSync } from 'fflate';
import type { Bytes } from '../bytes.ts';
import { RoostError, messageOf } from '../errors.ts';
import { KIB } from '../limits.ts';

/** Bundles as raw deflate (RFC 1951). */

/** fflate's level with the best speed for its size: 6 saves 4 % more and takes half as long again. */
const DEFLATE_LEVEL = 4;
/** Bundles above this are judged by three samples first: on noise, deflate is as slow as on text. */
const SAMPLED_ABOVE_BYTES = 64 * KIB;
const SAMPLE_BYTES = 4 * KIB;
/** What the samples must shrink to. */
const PROMISING = 0.95;
/** Compressed bytes handed to the decoder at once: a bomb's 1000 bytes a byte then make at most 8 MiB before it is stopped. */
const INFLATE_STEP_BYTES = 8 * KIB;

/** @returns undefined when samples say that it does not pay */
export function deflate(plain: Uint8Array): Uint8Array | undefined {
  return sampleShrinks(plain) ? deflateSync(plain, { level: DEFLATE_LEVEL }) : undefined;
}

/** Whether deflate pays on pieces from the start, the middle and the end. */
function sampleShrinks(plain: Uint8Array): boolean {
  if (plain.length <= SAMPLED_ABOVE_BYTES) return true;
  const last = plain.length - SAMPLE_BYTES;
  const samples = [0, last >>> 1, last].map((at) => plain.subarray(at, at + SAMPLE_BYTES));
  const packed = samples.reduce((sum, sample) => sum + deflateSync(sample, { level: 1 }).length, 0);
  return packed <= samples.length * SAMPLE_BYTES * PROMISING;
}

/** @throws RoostError 'corrupt' when `body` holds more or less than `length`, or is no deflate */
export function inflate(body: Uint8Array, length: number): Bytes {
  const out = new Uint8Array(length);
  let at = 0;
  const tooLong = new RoostError('corrupt', `a bundle must inflate to ${length} bytes, got more`);
  const stream = new Inflate((part) => {
    if (at + part.length > length) throw tooLong;
    out.set(part, at);
    at += part.length;
  });
  try {
    for (let start = 0; start < body.length; start += INFLATE_STEP_BYTES) {
      const end = start + INFLATE_STEP_BYTES;
      stream.push(body.subarray(start, end), end >= body.length);
    }
  } catch (cause) {
    if (cause === tooLong) throw tooLong;
    throw new RoostError('corrupt', `a bundle must be deflate: ${messageOf(cause)}`, { cause });
  }
  if (at !== length) throw new RoostError('corrupt', `a bundle must inflate to ${length} bytes, got ${at}`);
  return out;
}
