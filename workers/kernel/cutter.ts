import type { CutLength } from '../../src/core/chunk/cut.ts';
import { MASK_AFTER_AVERAGE, MASK_BEFORE_AVERAGE } from '../../src/core/chunk/cut.ts';
import { CHUNK_AVERAGE_BYTES, CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, KIB } from '../../src/core/limits.ts';
import type { Kernel } from './kernel.ts';
import { SMALL, STAGE } from './memory.ts';

/** What is copied beyond a cut was copied for nothing: half a window in the mean. */
const WINDOW_BYTES = 16 * KIB;

/** The kernel's twin of core/chunk/cut.ts. Only bytes that the hash takes are copied: not the minimum that every chunk begins with. */
export function createCutLength(kernel: Kernel): CutLength {
  const memory = new Uint8Array(kernel.buffer);
  const words = new DataView(kernel.buffer);
  let loaded: Uint32Array | undefined;

  function loadGear(gear: Uint32Array): void {
    if (gear === loaded) return;
    gear.forEach((word, i) => words.setUint32(SMALL.gear + 4 * i, word, true));
    loaded = gear;
  }

  /** The end of the chunk within `buffer[start … end)`, or undefined. The hash goes on from where it was. */
  function scan(buffer: Uint8Array, start: number, end: number, mask: number): number | undefined {
    for (let at = start; at < end; at += WINDOW_BYTES) {
      const size = Math.min(WINDOW_BYTES, end - at);
      memory.set(buffer.subarray(at, at + size), STAGE);
      const found = kernel.scan(STAGE, size, SMALL.gear, SMALL.hash, mask);
      if (found > 0) return at + found;
    }
    return undefined;
  }

  return (buffer, start, available, gear) => {
    if (available <= CHUNK_MIN_BYTES) return available;
    loadGear(gear);
    words.setUint32(SMALL.hash, 0, true);
    const end = start + Math.min(available, CHUNK_MAX_BYTES);
    const middle = Math.min(end, start + CHUNK_AVERAGE_BYTES);
    const cut =
      scan(buffer, start + CHUNK_MIN_BYTES, middle, MASK_BEFORE_AVERAGE) ??
      scan(buffer, middle, end, MASK_AFTER_AVERAGE) ??
      end;
    return cut - start;
  };
}
