/** Shorter arrays are copied: that is as fast, and callers go on using their salts and ids. */
const TRANSFER_MIN_BYTES = 4096;

/**
 * Makes a message ready for another thread: arrays that own their whole buffer move there, views of larger buffers are copied
 * first, so that no buffer travels for the sake of a part of it.
 * @param transfer takes the buffers that move
 */
export function readyToTransfer(value: unknown, transfer: Set<ArrayBuffer>): unknown {
  if (value instanceof Uint8Array) {
    const whole = value.byteLength === value.buffer.byteLength;
    const bytes = whole ? value : value.slice();
    if (bytes.byteLength >= TRANSFER_MIN_BYTES && bytes.buffer instanceof ArrayBuffer)
      transfer.add(bytes.buffer);
    return bytes;
  }
  if (Array.isArray(value)) return value.map((item) => readyToTransfer(item, transfer));
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, readyToTransfer(item, transfer)]),
    );
  }
  // numbers, texts, and keys, which are cloned
  return value;
}
