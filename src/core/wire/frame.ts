import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import { FRAME_HEADER_MAX_BYTES, FRAME_MAX_BYTES } from '../limits.ts';

/** Length of the header, big-endian. */
const LENGTH_BYTES = 2;

/** A frame taken apart; both parts are views of the message. */
export interface Frame {
  readonly header: Bytes;
  readonly body: Bytes;
}

/** Where frames are put together that are copied before the next one is made. */
const scratch = new Uint8Array(FRAME_MAX_BYTES);

/**
 * Puts a frame together: u16 header length ‖ header ‖ body.
 * @throws RoostError 'usage' when a part is too long
 */
export function encodeFrame(header: Uint8Array, body?: Uint8Array): Bytes {
  return lentFrame(header, body).slice();
}

/** As `encodeFrame`, but the frame lies in memory that the next call uses again: for a channel, whose `send` copies it. */
export function lentFrame(header: Uint8Array, body: Uint8Array = new Uint8Array(0)): Bytes {
  const length = LENGTH_BYTES + header.length + body.length;
  if (header.length === 0 || header.length > FRAME_HEADER_MAX_BYTES || length > FRAME_MAX_BYTES) {
    throw new RoostError(
      'usage',
      `frame must have a header of 1 to ${FRAME_HEADER_MAX_BYTES} bytes and at most ${FRAME_MAX_BYTES} in all, got ${header.length} and ${length}`,
    );
  }
  scratch[0] = header.length >>> 8;
  scratch[1] = header.length & 0xff;
  scratch.set(header, LENGTH_BYTES);
  scratch.set(body, LENGTH_BYTES + header.length);
  return scratch.subarray(0, length);
}

/**
 * Takes a frame apart.
 * @throws RoostError 'malformed' when a length does not fit
 */
export function decodeFrame(message: Bytes): Frame {
  if (message.length > FRAME_MAX_BYTES) {
    throw new RoostError(
      'malformed',
      `frame must be at most ${FRAME_MAX_BYTES} bytes, got ${message.length}`,
    );
  }
  if (message.length < LENGTH_BYTES) {
    throw new RoostError('malformed', `frame must be at least ${LENGTH_BYTES} bytes, got ${message.length}`);
  }
  const header = new DataView(message.buffer, message.byteOffset, message.length).getUint16(0);
  if (header === 0 || header > FRAME_HEADER_MAX_BYTES || LENGTH_BYTES + header > message.length) {
    throw new RoostError(
      'malformed',
      `frame header must be 1 to ${FRAME_HEADER_MAX_BYTES} bytes within the frame of ${message.length}, got ${header}`,
    );
  }
  return {
    header: message.subarray(LENGTH_BYTES, LENGTH_BYTES + header),
    body: message.subarray(LENGTH_BYTES + header),
  };
}
