/** Numbers in [0, 1) from a seed (mulberry32): the same kill moments and changes in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Bytes no compressor shortens. */
export function seededBytes(seed: number, length: number): Buffer {
  const random = seededRandom(seed);
  const bytes = Buffer.allocUnsafe(length + 4);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(Math.floor(random() * 4_294_967_296), at);
  return bytes.subarray(0, length);
}
