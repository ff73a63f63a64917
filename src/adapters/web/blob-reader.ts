import { transfer } from 'comlink';
import type { BlobApi, BlobPart, FilledBlobs, FilledPart, PlacedBlob } from '../../../workers/blob-api.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { WorkerLink } from './worker-link.ts';
import { linkWorker } from './worker-link.ts';

/** Stays once it was needed: a few megabytes. */
let link: WorkerLink<BlobApi> | undefined;

/**
 * Reads a blob, or a window of one, to its place in a buffer, in a worker that all sources share. The buffer is given away and comes back. Fast where
 * blobs are large, or windows follow one another: each beginning is a trip to another process.
 * @throws RoostError 'internal' when the worker died; the next call starts another
 */
export function readPart(buffer: Bytes, part: BlobPart): Promise<FilledPart> {
  link ??= start();
  return link.call((remote) => remote.readPart(transfer(buffer, [buffer.buffer]), part));
}

/** As `readPart`, blob by blob, each with what the browser threw for it. */
export function readBlobs(buffer: Bytes, blobs: readonly PlacedBlob[]): Promise<FilledBlobs> {
  link ??= start();
  return link.call((remote) => remote.readBlobs(transfer(buffer, [buffer.buffer]), blobs));
}

function start(): WorkerLink<BlobApi> {
  const worker = new Worker(new URL('../../../workers/blob-worker.ts', import.meta.url), {
    type: 'module',
    name: 'roost-blobs',
  });
  const started = linkWorker<BlobApi>(worker, 'roost-blobs');
  started.onDeath(() => {
    if (link === started) link = undefined;
  });
  return started;
}
