/// <reference lib="webworker" />
import { expose, transfer } from 'comlink';
import type { Bytes } from '../src/core/bytes.ts';
import type { BlobApi } from './blob-api.ts';
import { BlobStreams } from './blob-streams.ts';
import { holdLifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome.ts';
import { readBlobs, readSlice } from './read-blobs.ts';

const streams = BlobStreams.areSupported ? new BlobStreams() : undefined;

async function ship<T extends { readonly buffer: Bytes }>(run: () => Promise<T>): Promise<Outcome<T>> {
  const outcome = await outcomeOf(run);
  return outcome.ok ? transfer(outcome, [outcome.value.buffer.buffer]) : outcome;
}

/** Reads what a person saves. The browser hands over the bytes of a blob in the thread that asked: seldom the page's own, so that it stays smooth. */
const api: BlobApi = {
  holdLifeline,
  readPart: (buffer, part) => ship(() => streams?.read(buffer, part) ?? readSlice(buffer, part)),
  readBlobs: (buffer, blobs) => ship(async () => ({ buffer, errors: await readBlobs(buffer, blobs) })),
};

expose(api);
