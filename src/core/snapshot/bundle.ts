import { Inflate, deflateSync } from 'fflate';
import type { Bytes } from '../bytes.ts';
import { concatBytes } from '../bytes.ts';
import { RoostError, messageOf } from '../errors.ts';
import { BUNDLE_MAX_BYTES, KIB } from '../limits.ts';

/** How a bundle's plain bytes are packed before the first encryption. `auto` tries deflate and keeps what pays. */
export type BundleCodec = 'auto' | 'none';

/**
 * FORMAT.md "Bundle": codec (1 byte) ‖ length of the plain bytes (4, big-endian) ‖ body.
 */
export const BUNDLE_HEADER_BYTES = 5;
/** Of a bundle with its header. */
export const FRAMED_BUNDLE_MAX_BYTES = BUNDLE_MAX_BYTES + BUNDLE_HEADER_BYTES;

const CODEC_NONE = 0;
const CODEC_DEFLATE = 1; // raw deflate, RFC 1951

/** fflate's level with the best speed for its size: 6 saves 4 % more and takes half as long again. */
const DEFLATE_LEVEL = 4;
/** Deflate pays when it leaves at most this part; below, decoding costs more than the space. */
const WORTH_IT = 0.95;
/** Bundles above this are judged by three samples first. */
const SAMPLED_ABOVE_BYTES = 64 * KIB;
const SAMPLE_BYTES = 4 * KIB;
/** Compressed bytes handed to the decoder at once: a bomb's 1000 bytes a byte then make at most 8 MiB before it is stopped. */
const INFLATE_STEP_BYTES = 8 * KIB;

/** Frames a bundle. @throws RoostError 'usage' above BUNDLE_MAX_BYTES */
export function encodeBundle(plain: Uint8Array, codec: BundleCodec): Bytes {
  if (plain.length > BUNDLE_MAX_BYTES) {
    throw new RoostError('usage', `a bundle must be at most ${BUNDLE_MAX_BYTES} bytes, got ${plain.length}`);
  }
  if (codec === 'auto' && sampleShrinks(plain)) {
    const packed = deflateSync(plain, { level: DEFLATE_LEVEL });
    if (packed.length <= plain.length * WORTH_IT) return frame(CODEC_DEFLATE, plain.length, packed);
  }
  return frame(CODEC_NONE, plain.length, plain);
}

/**
 * The plain bytes of a framed bundle.
 * @throws RoostError 'corrupt' when the frame is none, or the body holds more or less than the header says; no more than the
 * declared length is ever kept
 */
export function decodeBundle(framed: Bytes): Bytes {
  if (framed.length < BUNDLE_HEADER_BYTES) {
    throw new RoostError(
      'corrupt',
      `a bundle must have ${BUNDLE_HEADER_BYTES} bytes of header, got ${framed.length}`,
    );
  }
  const codec = framed[0];
  const length = new DataView(framed.buffer, framed.byteOffset, BUNDLE_HEADER_BYTES).getUint32(1);
  const body = framed.subarray(BUNDLE_HEADER_BYTES);
  if (length > BUNDLE_MAX_BYTES) {
    throw new RoostError('corrupt', `a bundle must declare at most ${BUNDLE_MAX_BYTES} bytes, got ${length}`);
  }
  if (codec === CODEC_DEFLATE) return inflate(body, length);
  if (codec !== CODEC_NONE)
    throw new RoostError('corrupt', `a bundle must have codec 0 or 1, got ${codec ?? 'none'}`);
  if (body.length !== length)
    throw new RoostError('corrupt', `a bundle must hold ${length} bytes, got ${body.length}`);
  return body;
}

function frame(codec: number, length: number, body: Uint8Array): Bytes {
  const header = new Uint8Array(BUNDLE_HEADER_BYTES);
  header[0] = codec;
  new DataView(header.buffer).setUint32(1, length);
  return concatBytes(header, body);
}

/** Whether deflate pays on pieces from the start, the middle and the end. */
function sampleShrinks(plain: Uint8Array): boolean {
  if (plain.length <= SAMPLED_ABOVE_BYTES) return plain.length > 0;
  const last = plain.length - SAMPLE_BYTES;
  const samples = [0, last >>> 1, last].map((at) => plain.subarray(at, at + SAMPLE_BYTES));
  const packed = samples.reduce((sum, sample) => sum + deflateSync(sample, { level: 1 }).length, 0);
  return packed <= samples.length * SAMPLE_BYTES * WORTH_IT;
}

function inflate(body: Uint8Array, length: number): Bytes {
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
