import { transfer } from 'comlink';
import type { BlobApi, FilledBlobs, PlacedBlob } from '../../../workers/blob-api.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { WorkerLink } from './worker-link.ts';
import { linkWorker } from './worker-link.ts';

/** A worker without work is ended after so long: it takes some megabytes, and starting one takes less than a blink. */
const IDLE_MS = 10_000;

let link: WorkerLink<BlobApi> | undefined;
let underWay = 0;
let idle: ReturnType<typeof setTimeout> | undefined;

/**
 * Reads blobs to their places in a buffer, in a worker that all sources share. The buffer is given away and comes back.
 * @throws RoostError 'internal' when the worker died; the next call starts another
 */
export async function readBlobs(buffer: Bytes, blobs: readonly PlacedBlob[]): Promise<FilledBlobs> {
  clearTimeout(idle);
  link ??= start();
  underWay++;
  try {
    return await link.call((remote) => remote.read(transfer(buffer, [buffer.buffer]), blobs));
  } finally {
    underWay--;
    if (underWay === 0) idle = setTimeout(end, IDLE_MS);
  }
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

function end(): void {
  link?.close();
  link = undefined;
}
