import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(3, bytes.length - i) + 1;
    for (let d = 0; d < digits; d++) text += ALPHABET.charAt((group >> (18 - 6 * d)) & 63);
  }
  return text;
}

/**
 * Reads exactly `length` bytes; one text for one value, so unused bits must be zero.
 * @throws RoostError 'malformed'
 */
export function fromBase64url(name: string, text: string, length: number): Bytes {
  const digits = Math.ceil((length * 4) / 3);
  if (text.length !== digits) {
    throw new RoostError('malformed', `"${name}" must be ${digits} base64url digits, got ${text.length}`);
  }
  const bytes = new Uint8Array(length);
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const digit of text) {
    const index = ALPHABET.indexOf(digit);
    if (index < 0) throw new RoostError('malformed', `"${name}" must be base64url, got another character`);
    value = ((value << 6) | index) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (value >> bits) & 0xff;
    }
  }
  if ((value & ((1 << bits) - 1)) !== 0) {
    throw new RoostError('malformed', `"${name}" must end in zero bits`);
  }
  return bytes;
}
