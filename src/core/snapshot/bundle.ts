import type { Bytes, Place } from '../bytes.ts';
import { newBytes, uint32Bytes } from '../bytes.ts';
import { RoostError, messageOf } from '../errors.ts';
import { BUNDLE_MAX_BYTES } from '../limits.ts';
import type { Zstd } from '../zstd/engine.ts';
import { PLAIN_ZSTD } from '../zstd/engine.ts';
import { checkFrame } from '../zstd/frame.ts';
import { deflate, inflate } from './deflate.ts';

/** How a bundle's plain bytes are packed before the first encryption. `auto` takes the best codec at hand and keeps what pays. */
export type BundleCodec = 'auto' | 'none';

/**
 * FORMAT.md "Bundle": codec (1 byte) ‖ length of the plain bytes (4, big-endian) ‖ body.
 */
export const BUNDLE_HEADER_BYTES = 5;
/** Of a bundle with its header. */
export const FRAMED_BUNDLE_MAX_BYTES = BUNDLE_MAX_BYTES + BUNDLE_HEADER_BYTES;

const CODEC_NONE = 0;
const CODEC_DEFLATE = 1;
const CODEC_ZSTD = 2;

/** Compressing pays when it leaves at most this part; above, decoding costs more than the space. */
const WORTH_IT = 0.98;

/**
 * Frames a bundle.
 * @param place gives the bytes to frame it in, of the length asked for; whatever they hold is overwritten
 * @throws RoostError 'usage' above BUNDLE_MAX_BYTES
 */
export function encodeBundle(
  plain: Uint8Array,
  codec: BundleCodec,
  zstd: Zstd = PLAIN_ZSTD,
  place: Place = newBytes,
): Bytes {
  if (plain.length > BUNDLE_MAX_BYTES) {
    throw new RoostError('usage', `a bundle must be at most ${BUNDLE_MAX_BYTES} bytes, got ${plain.length}`);
  }
  if (codec === 'auto') {
    const packed = zstd.compress === undefined ? deflate(plain) : zstd.compress(plain);
    if (packed !== undefined && packed.length <= plain.length * WORTH_IT)
      return frame(zstd.compress === undefined ? CODEC_DEFLATE : CODEC_ZSTD, plain.length, packed, place);
  }
  return frame(CODEC_NONE, plain.length, plain, place);
}

/**
 * The plain bytes of a framed bundle.
 * @throws RoostError 'corrupt' when the frame is none, or the body holds more or less than the header says; no more than the
 * declared length is ever kept
 */
export function decodeBundle(framed: Bytes, zstd: Zstd = PLAIN_ZSTD): Bytes {
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
  if (codec === CODEC_ZSTD) return decompress(body, length, zstd);
  if (codec !== CODEC_NONE)
    throw new RoostError('corrupt', `a bundle must have codec 0 to 2, got ${codec ?? 'none'}`);
  if (body.length !== length)
    throw new RoostError('corrupt', `a bundle must hold ${length} bytes, got ${body.length}`);
  return body;
}

function frame(codec: number, length: number, body: Uint8Array, place: Place): Bytes {
  const framed = place(BUNDLE_HEADER_BYTES + body.length);
  framed[0] = codec;
  framed.set(uint32Bytes(length), 1);
  framed.set(body, BUNDLE_HEADER_BYTES);
  return framed;
}

/** Engines say in their own words what is wrong with a frame; outside it is one fault. */
function decompress(body: Uint8Array, length: number, zstd: Zstd): Bytes {
  checkFrame(body, length);
  let plain: Bytes;
  try {
    plain = zstd.decompress(body, length);
  } catch (cause) {
    throw new RoostError('corrupt', `a bundle must be a zstd frame: ${messageOf(cause)}`, { cause });
  }
  if (plain.length !== length)
    throw new RoostError('corrupt', `a bundle must decompress to ${length} bytes, got ${plain.length}`);
  return plain;
}
