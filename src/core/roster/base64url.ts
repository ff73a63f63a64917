import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (letter, value) => [letter, value]));

/** RFC 4648 section 5, without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += ALPHABET[(held >> bits) & 63] ?? '';
    }
  }
  if (bits > 0) text += ALPHABET[(held << (6 - bits)) & 63] ?? '';
  return text;
}

/**
 * Reads what `encodeBase64url` makes and no other spelling of it.
 * @throws RoostError 'malformed'
 */
export function decodeBase64url(text: string): Bytes {
  const bytes = new Uint8Array(Math.floor((text.length * 6) / 8));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = VALUES.get(letter);
    if (value === undefined)
      throw new RoostError('malformed', 'base64url must have letters, digits, - and _ only');
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = (held >> bits) & 0xff;
  }
  if (bits >= 6 || (held & ((1 << bits) - 1)) !== 0) {
    throw new RoostError('malformed', `base64url must end at a whole byte, got ${text.length} letters`);
  }
  return bytes;
}
