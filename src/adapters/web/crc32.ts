/** CRC-32 of ZIP (polynomial 0xEDB88320, reflected), eight bytes a step. */

const STEP = 8;
const tables = makeTables();

function makeTables(): readonly Int32Array[] {
  const made = Array.from({ length: STEP }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    made[0]![byte] = value;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let step = 1; step < STEP; step++) {
      const former = made[step - 1]![byte]!;
      made[step]![byte] = (former >>> 8) ^ made[0]![former & 0xff]!;
    }
  }
  return made;
}

/** The CRC-32 of what had `crc` followed by `bytes`; begins with 0. */
export function crc32(crc: number, bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let value = ~crc;
  let at = 0;
  for (const end = bytes.length - STEP; at <= end; at += STEP) {
    value ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    value =
      t7[value & 0xff]! ^
      t6[(value >>> 8) & 0xff]! ^
      t5[(value >>> 16) & 0xff]! ^
      t4[value >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) value = (value >>> 8) ^ t0[(value ^ bytes[at]!) & 0xff]!;
  return ~value >>> 0;
}
