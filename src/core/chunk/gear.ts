import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';

/** 256 words of 32 bits. */
export const GEAR_BYTES = 1024;

/** The account's gear table from its bytes (little-endian), whatever the byte order of the machine. */
export function gearTable(gear: Bytes): Uint32Array {
  if (gear.length !== GEAR_BYTES) {
    throw new RoostError('usage', `"gear" must be ${GEAR_BYTES} bytes, got ${gear.length}`);
  }
  const source = new DataView(gear.buffer, gear.byteOffset, GEAR_BYTES);
  return Uint32Array.from({ length: 256 }, (_, index) => source.getUint32(index * 4, true));
}
