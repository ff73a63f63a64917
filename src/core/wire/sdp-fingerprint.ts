import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';

/** `a=fingerprint:sha-256 AA:BB:…` of RFC 8122. */
const FINGERPRINT_LINE = /^a=fingerprint:(\S+) ([0-9A-Fa-f:]+)\s*$/gm;
const SHA256_DIGITS = /^[0-9a-f]{2}(:[0-9a-f]{2}){31}$/;

/**
 * The one SHA-256 fingerprint of a session description. Another beside it would let the broker add a certificate of its own
 * that the handshake does not see.
 * @param end whose description it is, for the message
 * @throws RoostError 'malformed'
 */
export function fingerprintOf(end: 'local' | 'remote', sdp: string | undefined): Bytes {
  const found = new Set<string>();
  for (const [, algorithm = '', digits = ''] of (sdp ?? '').matchAll(FINGERPRINT_LINE)) {
    found.add(`${algorithm.toLowerCase()} ${digits.toLowerCase()}`);
  }
  const [only = ''] = found;
  const digits = only.slice('sha-256 '.length);
  if (found.size !== 1 || !only.startsWith('sha-256 ') || !SHA256_DIGITS.test(digits)) {
    throw new RoostError(
      'malformed',
      `${end} description must have one SHA-256 fingerprint, got ${found.size} fingerprints`,
    );
  }
  return Uint8Array.from(digits.split(':'), (digit) => Number.parseInt(digit, 16));
}
