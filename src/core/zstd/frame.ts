import { RoostError } from '../errors.ts';

/**
 * The outside of a zstd frame (RFC 8878, section 3.1.1): header, block headers, checksum. Bundles use a part of what the format allows,
 * and every decoder is given only frames that passed here.
 */

/** Also the largest window that a decoder ever needs for a bundle: the next power of two above BUNDLE_MAX_BYTES. */
const WINDOW_MAX_BYTES = 2 ** 20;
const BLOCK_MAX_BYTES = 128 * 1024;
const MAGIC = 0xfd2f_b528;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;

export interface FrameHeader {
  /** where the first block begins */
  readonly blocksAt: number;
  /** neither the body of a block nor what it gives is longer */
  readonly blockMaxBytes: number;
  readonly hasChecksum: boolean;
}

export type BlockKind = 'raw' | 'repeat' | 'compressed';
const BLOCK_KINDS: readonly BlockKind[] = ['raw', 'repeat', 'compressed']; // coded 0, 1, 2

export interface Block {
  readonly kind: BlockKind;
  readonly last: boolean;
  readonly start: number;
  /** in the frame */
  readonly bytes: number;
  /** plain bytes; of a compressed block known only when it is decoded */
  readonly plainBytes: number | undefined;
}

/** A fault of a zstd frame. */
export function corruptFrame(what: string): RoostError {
  return new RoostError('corrupt', `a zstd frame ${what}`);
}

/**
 * @param plainLength that the frame must declare
 * @throws RoostError 'corrupt' when the header is none, or asks for what no bundle uses: a dictionary, a large window, an unknown length
 */
export function readFrameHeader(frame: Uint8Array, plainLength: number): FrameHeader {
  const magic = unsigned(frame, 0, 4);
  if (magic !== MAGIC)
    throw corruptFrame(`must begin with 0x${MAGIC.toString(16)}, got 0x${magic.toString(16)}`);
  const descriptor = unsigned(frame, 4, 1);
  const [sizeFlag, single] = [descriptor >> 6, (descriptor & 0x20) !== 0];
  if ((descriptor & 0x08) !== 0) throw corruptFrame('must have 0 in its reserved bit, got 1');
  if ((descriptor & 0x03) !== 0) throw corruptFrame(`must need no dictionary, got flag ${descriptor & 0x03}`);
  if (sizeFlag === 0 && !single) throw corruptFrame(`must declare ${plainLength} bytes, got none`);
  let at = 5;
  let window = 0;
  if (!single) {
    const byte = unsigned(frame, at++, 1);
    window = 2 ** (10 + (byte >> 3)) * (1 + (byte & 7) / 8);
  }
  const sizeBytes = 2 ** sizeFlag;
  const size = unsigned(frame, at, sizeBytes) + (sizeFlag === 1 ? 256 : 0);
  if (size !== plainLength) throw corruptFrame(`must declare ${plainLength} bytes, got ${size}`);
  if (single) window = size;
  if (window > WINDOW_MAX_BYTES)
    throw corruptFrame(`must have a window of at most ${WINDOW_MAX_BYTES} bytes, got ${window}`);
  return {
    blocksAt: at + sizeBytes,
    blockMaxBytes: Math.min(window, BLOCK_MAX_BYTES),
    hasChecksum: (descriptor & 0x04) !== 0,
  };
}

/** @throws RoostError 'corrupt' when the block is cut, of an unknown kind or too large */
export function readBlock(frame: Uint8Array, at: number, blockMaxBytes: number): Block {
  const header = unsigned(frame, at, BLOCK_HEADER_BYTES);
  const kind = BLOCK_KINDS[(header >> 1) & 3];
  const size = header >> 3;
  if (kind === undefined) throw corruptFrame(`must have blocks of kind 0 to 2, got 3 at ${at}`);
  if (size > blockMaxBytes)
    throw corruptFrame(`must have blocks of at most ${blockMaxBytes} bytes, got ${size} at ${at}`);
  const start = at + BLOCK_HEADER_BYTES;
  const bytes = kind === 'repeat' ? 1 : size;
  if (start + bytes > frame.length)
    throw corruptFrame(`must be at least ${start + bytes} bytes, got ${frame.length}`);
  const plainBytes = kind === 'compressed' ? undefined : size;
  return { kind, last: (header & 1) === 1, start, bytes, plainBytes };
}

/**
 * Checks all of a frame but the inside of its compressed blocks: exactly one frame, nothing behind it.
 * @throws RoostError 'corrupt'
 */
export function checkFrame(frame: Uint8Array, plainLength: number): void {
  const { blocksAt, blockMaxBytes, hasChecksum } = readFrameHeader(frame, plainLength);
  let at = blocksAt;
  let plain = 0;
  for (let last = false; !last;) {
    const block = readBlock(frame, at, blockMaxBytes);
    plain += block.plainBytes ?? 0;
    if (plain > plainLength) throw corruptFrame(`must give ${plainLength} bytes, got more`);
    at = block.start + block.bytes;
    last = block.last;
  }
  const end = at + (hasChecksum ? CHECKSUM_BYTES : 0);
  if (end !== frame.length) throw corruptFrame(`must end at ${end}, got ${frame.length} bytes`);
}

/** The checksum behind a frame that has one: the low 32 bits of XXH64. */
export function readChecksum(frame: Uint8Array): number {
  return unsigned(frame, frame.length - CHECKSUM_BYTES, CHECKSUM_BYTES);
}

/** Little-endian; of the 8 bytes a declared length may have, exact below 2^53 and large above. */
function unsigned(frame: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > frame.length)
    throw corruptFrame(`must be at least ${at + bytes} bytes, got ${frame.length}`);
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + frame[at + i]!;
  return value;
}
