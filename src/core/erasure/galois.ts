/** GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1 (0x11D) and generator 2, as ISA-L and RAID 6 use it. */
const POLYNOMIAL = 0x11d;

const EXP = new Uint8Array(510);
const LOG = new Uint8Array(256);
for (let power = 0, x = 1; power < 255; power++) {
  EXP[power] = x;
  EXP[power + 255] = x;
  LOG[x] = power;
  x <<= 1;
  if (x & 0x100) x ^= POLYNOMIAL;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : EXP[LOG[a]! + LOG[b]!]!;
}

/** `a` must not be 0. */
export function inverse(a: number): number {
  return EXP[255 - LOG[a]!]!;
}
