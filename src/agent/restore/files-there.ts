import type { Bytes } from '../../core/bytes.ts';
import { faultOf } from '../../core/errors.ts';
import type { ChunkId } from '../../core/ids.ts';
import { mapLimited } from '../../core/limiter.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { RestoredEntry, Sink } from '../../ports/sink.ts';
import type { Gate } from '../gate.ts';
import type { ProgressMeter } from '../progress-meter.ts';
import type { Repository } from '../repository/repository.ts';

/** Files compared side by side; each has one chunk in memory. */
const COMPARED_AT_ONCE = 8;

export interface Comparison {
  readonly repository: Repository;
  /** the id of a chunk with these bytes */
  readonly nameChunk: (bytes: Bytes) => Promise<ChunkId>;
  readonly sink: Sink;
  readonly meter: ProgressMeter;
  readonly gate: Gate;
  readonly signal: AbortSignalLike | undefined;
}

/** A file to be restored and the chunks it is made of. */
interface WantedFile {
  readonly to: RestoredEntry;
  readonly chunks: readonly ChunkId[];
}

/**
 * Looks which files lie in the target already, byte for byte: those of a restore that was cut off need not be fetched again. They get their
 * times and modes.
 * @returns of each file whether it is there
 * @throws RoostError 'aborted'
 */
export async function findFilesThere(
  run: Comparison,
  files: readonly WantedFile[],
): Promise<readonly boolean[]> {
  const there = files.map(() => false);
  let comparing = false;
  await mapLimited([...files.entries()], COMPARED_AT_ONCE, async ([i, file]) => {
    await run.gate.pass(run.signal);
    // An empty file is written as fast as it is compared.
    if (file.to.size === 0) return;
    let compared = 0;
    const onCompared = (bytes: number): void => {
      if (!comparing) run.meter.phase('checking');
      comparing = true;
      compared += bytes;
      run.meter.add({ done: bytes }, file.to.path);
    };
    try {
      there[i] = await isThere(run, file, onCompared);
    } catch (error) {
      // What cannot be read is written, and that tells what is wrong.
      if (faultOf(error) === 'aborted') throw error;
    }
    run.meter.add(there[i] === true ? { files: 1 } : { done: -compared });
  });
  return there;
}

async function isThere(
  { repository, nameChunk, sink, gate, signal }: Comparison,
  { to, chunks }: WantedFile,
  onCompared: (bytes: number) => void,
): Promise<boolean> {
  const existing = await sink.existing?.(to);
  if (existing === undefined) return false;
  const places = await repository.chunkPlaces(chunks);
  let at = 0;
  for (const [i, id] of chunks.entries()) {
    await gate.pass(signal);
    const place = places[i];
    if (place === undefined || (await nameChunk(await existing.read(at, place.length))) !== id) return false;
    at += place.length;
    onCompared(place.length);
  }
  if (at !== to.size) return false;
  await existing.keep();
  return true;
}
