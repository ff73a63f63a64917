import type { Bytes } from '../bytes.ts';
import { BITS_PADDING_BYTES } from './backward-bits.ts';
import { corruptFrame, readBlock, readChecksum, readFrameHeader } from './frame.ts';
import type { HuffmanTable } from './huffman.ts';
import { readLiterals } from './literals.ts';
import { newSequenceState, playSequences } from './sequences.ts';
import { xxh64 } from './xxh64.ts';

/**
 * Decodes one zstd frame in plain JavaScript, for devices without WebAssembly. Every sequence must fit what the frame declares before it is
 * played, so time is bounded by the lengths of frame and plain bytes.
 * @param frame that passed checkFrame
 * @throws RoostError 'corrupt'
 */
export function decodeFrame(frame: Uint8Array, plainLength: number): Bytes {
  const padded = new Uint8Array(frame.length + BITS_PADDING_BYTES);
  padded.set(frame);
  const given = { bytes: padded, view: new DataView(padded.buffer) };
  const { blocksAt, blockMaxBytes, hasChecksum } = readFrameHeader(frame, plainLength);
  const out = new Uint8Array(plainLength);
  const room = new Uint8Array(blockMaxBytes);
  const sequences = newSequenceState();
  let table: HuffmanTable | undefined;
  let from = blocksAt;
  let at = 0;
  for (let last = false; !last;) {
    const block = readBlock(frame, from, blockMaxBytes);
    const limit = Math.min(at + blockMaxBytes, plainLength);
    from = block.start + block.bytes;
    last = block.last;
    if (block.plainBytes === undefined) {
      const literals = readLiterals(given, block.start, from, table, room);
      table = literals.table;
      at = playSequences(
        given.view,
        { start: literals.next, end: from },
        literals.bytes,
        sequences,
        out,
        at,
        limit,
      );
      continue;
    }
    const end = at + block.plainBytes;
    if (end > limit) throw corruptFrame(`must give at most ${limit} bytes so far, got ${end}`);
    if (block.kind === 'raw') out.set(frame.subarray(block.start, from), at);
    else out.fill(frame[block.start]!, at, end);
    at = end;
  }
  if (at !== plainLength) throw corruptFrame(`must give ${plainLength} bytes, got ${at}`);
  if (hasChecksum) {
    const [expected, got] = [readChecksum(frame), Number(xxh64(out) & 0xffff_ffffn)];
    if (expected !== got) throw corruptFrame(`must have the checksum ${expected}, got ${got}`);
  }
  return out;
}
