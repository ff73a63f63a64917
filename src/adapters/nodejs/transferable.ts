import { release } from './own-bytes.ts';

/** Shorter arrays are copied: that is as fast, and callers go on using their salts and ids. */
const TRANSFER_MIN_BYTES = 4096;

/** What becomes of views of larger buffers: copied, so that no buffer travels for the sake of a part of it, or moved with all of it. */
export type Views = 'copied' | 'moved';

/**
 * Makes a message ready for another thread: arrays that own their whole buffer move there.
 * @param transfer takes the buffers that move
 */
export function readyToTransfer(
  value: unknown,
  transfer: Set<ArrayBuffer>,
  views: Views = 'copied',
): unknown {
  if (value instanceof Uint8Array) {
    const moves = views === 'moved' || value.byteLength === value.buffer.byteLength;
    const bytes = moves ? value : value.slice();
    if (bytes.byteLength >= TRANSFER_MIN_BYTES && bytes.buffer instanceof ArrayBuffer)
      transfer.add(bytes.buffer);
    return bytes;
  }
  if (Array.isArray(value)) return value.map((item) => readyToTransfer(item, transfer, views));
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, readyToTransfer(item, transfer, views)]),
    );
  }
  // numbers, texts, and keys, which are cloned
  return value;
}

/** Gives back the memory of all that moved here with a message that has been worked off. */
export function releaseBuffers(value: unknown): void {
  if (value instanceof Uint8Array) {
    if (value.byteLength >= TRANSFER_MIN_BYTES) release(value.buffer);
  } else if (Array.isArray(value)) value.forEach(releaseBuffers);
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    Object.values(value).forEach(releaseBuffers);
}
