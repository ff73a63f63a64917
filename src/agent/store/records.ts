import type { Bytes } from '../../core/bytes.ts';
import { decodeOwnCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import { RECORD_MAX_BYTES } from '../../core/limits.ts';

/** A non-negative whole number as `digits` decimal digits, so that keys sort as the numbers do. */
export function padNumber(value: number, digits: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 10 ** digits) {
    throw new RoostError('malformed', `number in a key must be below 10^${digits}, got ${value}`);
  }
  return String(value).padStart(digits, '0');
}

/**
 * Decodes a record of our own writing, an array of at least one field.
 * @throws RoostError 'corrupt' when it does not decode: the database is damaged
 */
export function readRecord<T>(what: string, bytes: Bytes, read: (fields: readonly unknown[]) => T): T {
  try {
    const value: unknown = decodeOwnCbor(bytes, RECORD_MAX_BYTES);
    if (!Array.isArray(value)) throw new RoostError('malformed', 'expected an array');
    return read(value);
  } catch (cause) {
    throw new RoostError('corrupt', `local record of ${what} is damaged`, { cause });
  }
}

/** Field readers for `readRecord`. @throws RoostError 'malformed' on another type */
export function asNumber(value: unknown): number {
  if (typeof value !== 'number') throw new RoostError('malformed', `expected a number, got ${typeof value}`);
  return value;
}
export function asText(value: unknown): string {
  if (typeof value !== 'string') throw new RoostError('malformed', `expected text, got ${typeof value}`);
  return value;
}
export function asBoolean(value: unknown): boolean {
  if (typeof value !== 'boolean')
    throw new RoostError('malformed', `expected true or false, got ${typeof value}`);
  return value;
}
export function asBytes(value: unknown): Bytes {
  if (!(value instanceof Uint8Array))
    throw new RoostError('malformed', `expected bytes, got ${typeof value}`);
  return value as Bytes;
}
