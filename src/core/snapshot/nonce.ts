import type { Bytes } from '../bytes.ts';

/** A counter as 12-byte nonce, big-endian. Every key here is derived for one object, whose parts are counted. */
export function nonce(counter: number): Bytes {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(8, counter);
  return bytes;
}
