/// <reference lib="webworker" />
import { expose, transfer } from 'comlink';
import type { Bytes } from '../src/core/bytes.ts';
import { createCodecOperations } from '../src/core/codec/operations.ts';
import { createWebCryptoSuite } from '../src/core/crypto/webcrypto.ts';
import type { CodecApi } from './codec-api.ts';
import { holdLifeline } from './lifeline.ts';
import type { Outcome } from './outcome.ts';
import { outcomeOf } from './outcome.ts';

/** One worker of the codec pool. Results leave by transfer. */
const codec = createCodecOperations(createWebCryptoSuite(crypto.subtle));

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
  setKeys: (keys) => outcomeOf(() => codec.setKeys(keys)),
  cut: (buffer, parts) =>
    ship(
      () => codec.cut(buffer, parts),
      (cut) => [cut.buffer],
    ),
  sealBundles: (request) =>
    ship(
      () => codec.sealBundles(request),
      ({ sealed }) => [sealed],
    ),
  encodePack: (request) =>
    ship(
      () => codec.encodePack(request),
      ({ shards }) => shards.map(({ sealed }) => sealed),
    ),
  remakeShard: (request) =>
    ship(
      () => codec.remakeShard(request),
      ({ sealed }) => [sealed],
    ),
  openSegments: (request) =>
    ship(
      () => codec.openSegments(request),
      ({ plain }) => plain,
    ),
  reconstruct: (request) =>
    ship(
      () => codec.reconstruct(request),
      (ranges) => ranges,
    ),
  openBundles: (request) =>
    ship(
      () => codec.openBundles(request),
      (bundles) => bundles,
    ),
};

expose(api);
