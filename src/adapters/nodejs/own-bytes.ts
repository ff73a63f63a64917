import type { Bytes } from '../../core/bytes.ts';

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
