import { createHash } from 'node:crypto';

/** A number in [0, 1) that belongs to these bytes: the same each time. */
export function chanceOf(bytes: Uint8Array): number {
  return createHash('sha256').update(bytes).digest().readUInt32BE() / 2 ** 32;
}
