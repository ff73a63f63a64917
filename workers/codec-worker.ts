/// <reference lib="webworker" />
import { expose, transfer } from 'comlink';
import type { Bytes } from '../src/core/bytes.ts';
import { createCodecOperations } from '../src/core/codec/operations.ts';
import { ResultRooms } from '../src/core/codec/result-rooms.ts';
import type { CodecApi } from './codec-api.ts';
import { createWorkerSuite } from './crypto-suite.ts';
import { fastestEngines } from './kernel/engines.ts';
import { holdLifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome.ts';
import { loadZstd } from './zstd.ts';

const rooms = new ResultRooms();

/** One worker of the codec pool. Results leave by transfer. Calls that come while engines are loaded wait for them. */
const codec = loadZstd().then((zstd) =>
  createCodecOperations(createWorkerSuite(), {
    ...fastestEngines().engines,
    takeResult: (length) => rooms.take(length),
    zstd,
  }),
);

/** Tells the outcome and gives away the buffers that `bytesOf` names; several views of one buffer are given once. */
async function ship<T>(
  run: () => Promise<T>,
  bytesOf: (value: T) => readonly (Bytes | undefined)[],
): Promise<Outcome<T>> {
  const outcome = await outcomeOf(run);
  if (!outcome.ok) return outcome;
  const buffers = new Set<ArrayBuffer>();
  for (const bytes of bytesOf(outcome.value)) if (bytes !== undefined) buffers.add(bytes.buffer);
  return transfer(outcome, [...buffers]);
}

const api: CodecApi = {
  holdLifeline,
  setKeys: (keys) => outcomeOf(async () => (await codec).setKeys(keys)),
  cut: (buffer, parts) =>
    ship(
      async () => (await codec).cut(buffer, parts),
      (cut) => [cut.buffer],
    ),
  sealBundles: (request) =>
    ship(
      async () => (await codec).sealBundles(request),
      ({ sealed, buffer }) => [...sealed, buffer],
    ),
  encodePack: (request, spare) =>
    ship(
      async () => {
        rooms.give(spare);
        const encoded = await (await codec).encodePack(request);
        rooms.give(request.parts);
        return encoded;
      },
      ({ shards }) => shards.map(({ sealed }) => sealed),
    ),
  remakeShard: (request) =>
    ship(
      async () => (await codec).remakeShard(request),
      ({ sealed }) => [sealed],
    ),
  openSegments: (request) =>
    ship(
      async () => (await codec).openSegments(request),
      ({ plain }) => plain,
    ),
  reconstruct: (request) =>
    ship(
      async () => (await codec).reconstruct(request),
      (ranges) => ranges,
    ),
  openBundles: (request) =>
    ship(
      async () => (await codec).openBundles(request),
      (bundles) => bundles,
    ),
};

expose(api);
