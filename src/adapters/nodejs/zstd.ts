import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Zstd } from '../../core/zstd/engine.ts';
import { ZSTD_LEVEL } from '../../core/zstd/engine.ts';

/** A frame's own bytes where hardly anything shrinks; with this much room it comes in one piece. */
const FRAME_OVERHEAD_BYTES = 1024;

/** The zstd of Node.js itself. Calls are synchronous: the codec has threads of its own. */
export function createNodeZstd(level = ZSTD_LEVEL): Zstd {
  return {
    // Nothing else would be told the length: a call with all of the input puts it into the frame.
    compress: (plain) =>
      zstdCompressSync(plain, {
        chunkSize: plain.length + FRAME_OVERHEAD_BYTES,
        params: { [constants.ZSTD_c_compressionLevel]: level },
      }),
    // One byte more than there may be: a chunk that is full has the decoder ask for another. Copied, for a Buffer may be part of a pool,
    // which cannot be transferred.
    decompress: (frame, plainLength) =>
      new Uint8Array(
        zstdDecompressSync(frame, {
          chunkSize: Math.max(plainLength + 1, constants.Z_MIN_CHUNK),
          maxOutputLength: Math.max(plainLength, 1),
        }),
      ),
  };
}
