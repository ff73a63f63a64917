import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Bytes } from '../../core/bytes.ts';
import type { FileRange } from '../../ports/source.ts';
import type { Readings } from './disk-messages.ts';
import { codeOf } from './system-faults.ts';

/** O_NONBLOCK: a pipe that took a file's place must not make us wait for its writer. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
export const NO_FILE_ANY_MORE = 'what was a file is none any more';

/** Reads ranges into a buffer as `Source.readInto` says; synchronously, for the disk thread. */
export function readRangesSync(
  root: string,
  buffer: Bytes,
  start: number,
  ranges: readonly FileRange[],
): Readings {
  const bytes = new Float64Array(ranges.length);
  const sizes = new Float64Array(ranges.length);
  const mtimesNs = new BigInt64Array(ranges.length);
  const faults = new Map<number, string>();
  let at = start;
  for (const [i, { path, offset, length }] of ranges.entries()) {
    try {
      const handle = openSync(`${root}/${path}`, READ_FLAGS);
      try {
        if (!fstatSync(handle).isFile()) throw new Error(NO_FILE_ANY_MORE);
        bytes[i] = readFully(handle, buffer, at, length, offset);
        // Of the file that was read, whatever lies at its path by now: the next scan sees that.
        const { size, mtimeNs } = fstatSync(handle, { bigint: true });
        sizes[i] = Number(size);
        mtimesNs[i] = mtimeNs;
      } finally {
        closeSync(handle);
      }
    } catch (error) {
      const code = codeOf(error);
      faults.set(
        i,
        `a file cannot be read: ${code ?? (error instanceof Error ? error.message : 'unknown error')}`,
      );
    }
    at += length;
  }
  return { buffer, bytes, sizes, mtimesNs, faults };
}

function readFully(handle: number, buffer: Bytes, at: number, length: number, offset: number): number {
  let done = 0;
  while (done < length) {
    const read = readSync(handle, buffer, at + done, length - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}
