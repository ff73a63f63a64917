import { Buffer } from 'node:buffer';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Zstd } from '../../core/zstd/engine.ts';
import { ZSTD_LEVEL } from '../../core/zstd/engine.ts';
import { release, uninitializedBytes } from './own-bytes.ts';

/** A frame's own bytes where hardly anything shrinks; with this much room it comes in one piece. */
const FRAME_OVERHEAD_BYTES = 1024;

/** The zstd of Node.js itself. Calls are synchronous: the codec has threads of its own. */
export function createNodeZstd(level = ZSTD_LEVEL): Zstd {
  let former: ArrayBufferLike | undefined;
  return {
    // Nothing else would be told the length: a call with all of the input puts it into the frame.
    compress: (plain) => {
      if (former !== undefined) release(former);
      const chunkSize = Math.max(plain.length + FRAME_OVERHEAD_BYTES, Buffer.poolSize);
      const frame = zstdCompressSync(plain, {
        chunkSize,
        params: { [constants.ZSTD_c_compressionLevel]: level },
      });
      // A frame in more than one piece was joined, and its memory may be part of a pool.
      former = frame.buffer.byteLength === chunkSize ? frame.buffer : undefined;
      return frame;
    },
    // One byte more than there may be: a chunk that is full has the decoder ask for another. Copied, so that it has memory of just its length.
    decompress: (frame, plainLength) => {
      const chunkSize = Math.max(plainLength + 1, Buffer.poolSize);
      const plain = zstdDecompressSync(frame, { chunkSize, maxOutputLength: Math.max(plainLength, 1) });
      const own = uninitializedBytes(plain.length);
      own.set(plain);
      if (plain.buffer.byteLength === chunkSize) release(plain.buffer);
      return own;
    },
  };
}
