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

/**
 * Puts a frame together: u16 header length ‖ header ‖ body.
 * @throws RoostError 'usage' when a part is too long
 */
export function encodeFrame(header: Uint8Array, body: Uint8Array = new Uint8Array(0)): Bytes {
  const length = LENGTH_BYTES + header.length + body.length;
  if (header.length === 0 || header.length > FRAME_HEADER_MAX_BYTES || length > FRAME_MAX_BYTES) {
    throw new RoostError(
      'usage',
      `frame must have a header of 1 to ${FRAME_HEADER_MAX_BYTES} bytes and at most ${FRAME_MAX_BYTES} in all, got ${header.length} and ${length}`,
    );
  }
  const frame = new Uint8Array(length);
  new DataView(frame.buffer).setUint16(0, header.length);
  frame.set(header, LENGTH_BYTES);
  frame.set(body, LENGTH_BYTES + header.length);
  return frame;
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
