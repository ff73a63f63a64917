/** Bytes that own an ordinary ArrayBuffer, so that they can go to WebCrypto and across a transfer. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Gives bytes of a length to write to; they may hold anything before. */
export type Place = (length: number) => Bytes;

export const newBytes: Place = (length) => new Uint8Array(length);

/** Views any byte array as `Bytes`; copies only when it is backed by a shared buffer. */
export function toBytes(source: Uint8Array): Bytes {
  return source.buffer instanceof ArrayBuffer ? (source as Bytes) : new Uint8Array(source);
}

/** Joins byte arrays into one new array. */
export function concatBytes(...parts: readonly ArrayLike<number>[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Compares in time that depends on the lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Orders byte arrays as memcmp does, the shorter first when one is a prefix of the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Big-endian unsigned 32-bit number as 4 bytes. */
export function uint32Bytes(value: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}
