/// <reference lib="webworker" />
import { expose, transfer } from 'comlink';
import type { BlobApi } from './blob-api.ts';
import { holdLifeline } from './lifeline.ts';
import { outcomeOf } from './outcome.ts';
import { readBlobs } from './read-blobs.ts';

/** Reads what a person saves. The browser hands over the bytes of a blob in the thread that asked: seldom the page's own, so that it stays smooth. */
const api: BlobApi = {
  holdLifeline,
  read: async (buffer, blobs) =>
    transfer(await outcomeOf(async () => ({ buffer, errors: await readBlobs(buffer, blobs) })), [
      buffer.buffer,
    ]),
};

expose(api);
