import type { Bytes } from '../../core/bytes.ts';

/** Of less the garbage collector hardly knows. */
const RELEASE_MIN_BYTES = 4096;

/** A Buffer as plain bytes; one that is part of a pool is copied, for pools cannot be transferred. */
export function ownBytes(buffer: Buffer): Bytes {
  const { buffer: memory } = buffer;
  return memory instanceof ArrayBuffer && memory.byteLength === buffer.byteLength
    ? new Uint8Array(memory)
    : new Uint8Array(buffer);
}

/** Bytes that hold whatever was there before: for who writes all of them. */
export function uninitializedBytes(length: number): Bytes {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/**
 * Gives memory back that nobody reads any more; else it waits for the garbage collector, which is called the more often for it. Whoever
 * still looks at it is left with nothing.
 */
export function release(memory: ArrayBufferLike): void {
  if (memory instanceof ArrayBuffer && memory.byteLength >= RELEASE_MIN_BYTES) memory.transfer(0);
}
