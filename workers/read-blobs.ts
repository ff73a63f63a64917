/// <reference lib="webworker" />
import type { Bytes } from '../src/core/bytes.ts';
import { KIB, MIB } from '../src/core/limits.ts';
import type { PlacedBlob } from './blob-api.ts';

/** Each read of a file is a trip to another process: below this size it costs more than the bytes, so small files share one. */
const SHARED_MAX_BYTES = 256 * KIB;
const BLOBS_PER_TRIP = 64;
const TRIP_MAX_BYTES = 4 * MIB;
/** More are no faster. */
const TRIPS_UNDER_WAY = 4;

/**
 * Reads blobs to their places in a buffer, many to a trip and several trips at once.
 * @returns for each blob what the browser threw for it, undefined where it was read
 */
export async function readBlobs(buffer: Bytes, blobs: readonly PlacedBlob[]): Promise<unknown[]> {
  const errors = new Array<unknown>(blobs.length).fill(undefined);
  const left = trips(blobs);
  const travel = async (): Promise<void> => {
    for (let trip = left.next().value; trip !== undefined; trip = left.next().value)
      await readTrip(buffer, blobs, trip, errors);
  };
  await Promise.all(Array.from({ length: TRIPS_UNDER_WAY }, travel));
  return errors;
}

/** Blobs from one number to before another. */
interface Trip {
  readonly from: number;
  readonly to: number;
}

function* trips(blobs: readonly PlacedBlob[]): Generator<Trip, undefined> {
  let from = 0;
  let bytes = 0;
  for (const [i, { blob }] of blobs.entries()) {
    const shares = blob.size <= SHARED_MAX_BYTES && i - from < BLOBS_PER_TRIP;
    if (i > from && (!shares || bytes + blob.size > TRIP_MAX_BYTES)) {
      yield { from, to: i };
      from = i;
      bytes = 0;
    }
    bytes += blob.size;
  }
  if (from < blobs.length) yield { from, to: blobs.length };
}

async function readTrip(
  buffer: Bytes,
  blobs: readonly PlacedBlob[],
  { from, to }: Trip,
  errors: unknown[],
): Promise<void> {
  const trip = blobs.slice(from, to);
  try {
    const all = await bytesOf(new Blob(trip.map(({ blob }) => blob)));
    let offset = 0;
    for (const { blob, at } of trip) {
      buffer.set(all.subarray(offset, offset + blob.size), at);
      offset += blob.size;
    }
  } catch (error) {
    if (trip.length === 1) errors[from] = error;
    // One of them failed: each for itself tells which.
    else for (let i = from; i < to; i++) await readTrip(buffer, blobs, { from: i, to: i + 1 }, errors);
  }
}

async function bytesOf(blob: Blob): Promise<Bytes> {
  return new Uint8Array(await blob.arrayBuffer());
}
