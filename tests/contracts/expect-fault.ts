import { expect } from 'vitest';
import type { Fault } from '../../src/core/errors.ts';
import { RoostError } from '../../src/core/errors.ts';

/** Waits for a call to reject with a RoostError of one of these faults, and gives the error back. */
export async function expectFault(
  promise: Promise<unknown>,
  ...faults: readonly Fault[]
): Promise<RoostError> {
  let result: unknown;
  try {
    result = await promise;
  } catch (error) {
    expect(error, `expected RoostError ${faults.join(' | ')}`).toBeInstanceOf(RoostError);
    const fault = (error as RoostError).fault;
    expect(faults, (error as RoostError).message).toContain(fault);
    return error as RoostError;
  }
  throw new Error(`expected RoostError ${faults.join(' | ')}, got the value ${String(result)}`);
}

/** Bytes that differ at every place and with every seed: torn, swapped and repeated pieces show. */
export function patternBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** Compares large byte arrays without a diff of a million lines. */
export function expectBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  expect(actual?.length).toBe(expected.length);
  if (actual === undefined) return;
  expect(actual.findIndex((byte, index) => byte !== expected[index])).toBe(-1);
}
