import type { Bytes } from '../../core/bytes.ts';
import { messageOf } from '../../core/errors.ts';
import type { FileRange, FilledBuffer, RangeFault, RangeRead, Source } from '../../ports/source.ts';
import { mapLimited } from '../../core/limiter.ts';

const READS_UNDER_WAY = 16;

/** Fills a buffer as `Source.readInto` does, range by range where a source has no such call. */
export async function readRanges(
  source: Source,
  buffer: Bytes,
  start: number,
  ranges: readonly FileRange[],
): Promise<FilledBuffer> {
  if (source.readInto) return source.readInto(buffer, start, ranges);
  let at = start;
  const places = ranges.map(({ length }) => (at += length) - length);
  const reads = await mapLimited(
    ranges,
    READS_UNDER_WAY,
    async ({ path, offset, length }, i): Promise<RangeRead | RangeFault> => {
      try {
        const bytes = await source.read(path, offset, length);
        buffer.set(bytes, places[i]);
        return { bytes: bytes.length, ...(await source.stat(path)) };
      } catch (error) {
        return { reason: messageOf(error) };
      }
    },
  );
  return { buffer, reads };
}
