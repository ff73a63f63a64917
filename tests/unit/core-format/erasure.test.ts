import { describe, expect, it } from 'vitest';
import type { Code } from '../../../src/core/erasure/codes.ts';
import { formatCode, parseCode, totalShards, validateCode } from '../../../src/core/erasure/codes.ts';
import { encodeParity, reconstructShards } from '../../../src/core/erasure/erasure.ts';
import { inverse, multiply } from '../../../src/core/erasure/galois.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { expectBytes, patternBytes } from '../../contracts/expect-fault.ts';
import isal from '../../vectors/reed-solomon-isal.json' with { type: 'json' };
import { fromHex, toHex } from './suites.ts';

const faultOfCall = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof RoostError) return error.fault;
    throw error;
  }
  return 'none';
};

function coded(code: Code, length: number): { shard: number; bytes: Uint8Array<ArrayBuffer> }[] {
  const data = Array.from({ length: code.m }, (_, i) => patternBytes(length, i + 1));
  return [...data, ...encodeParity(code, data)].map((bytes, shard) => ({ shard, bytes }));
}

/** All ways to choose `count` of 0 … n - 1. */
function* choices(n: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= n - count; first++) {
    for (const rest of choices(n, count - 1, first + 1)) yield [first, ...rest];
  }
}

describe('a code as text', () => {
  it.each(['reed-solomon:6+3', 'reed-solomon:200+55', 'parity:4+1', 'mirror:3', 'stripe:4', 'stripe:1'])(
    'reads %s back',
    (text) => {
      expect(formatCode(parseCode(text))).toBe(text);
    },
  );

  it('counts copies of a mirror in all', () => {
    expect(parseCode('mirror:3')).toEqual({ name: 'mirror', m: 1, k: 2 });
    expect(totalShards(parseCode('mirror:3'))).toBe(3);
  });

  it.each([
    '',
    'auto',
    'reed-solomon',
    'reed-solomon:6',
    'reed-solomon:0+3',
    'reed-solomon:6+0',
    'reed-solomon:200+56',
    'parity:4+2',
    'parity:4',
    'mirror:1',
    'mirror:0',
    'mirror:1+2',
    'stripe:0',
    'stripe:4+0',
    'raid:5',
    'mirror:3 ',
    'mirror:-1',
    'mirror:1e1',
  ])('refuses "%s"', (text) => {
    expect(faultOfCall(() => parseCode(text))).toBe('usage');
  });
});

describe('GF(2^8)', () => {
  it('has an inverse for each element but 0 and 2 as generator of all', () => {
    let power = 1;
    const seen = new Set<number>();
    for (let i = 0; i < 255; i++) {
      seen.add(power);
      expect(multiply(power, inverse(power))).toBe(1);
      power = multiply(power, 2);
    }
    expect(seen.size).toBe(255);
    expect(multiply(0x80, 2)).toBe(0x1d);
  });
});

describe('erasure codes', () => {
  it('make the parity that ISA-L makes', () => {
    for (const { m, k, data, parity } of isal) {
      expect(encodeParity({ name: 'reed-solomon', m, k }, data.map(fromHex)).map(toHex)).toEqual(parity);
    }
  });

  it.each([
    'reed-solomon:1+1',
    'reed-solomon:2+1',
    'reed-solomon:6+3',
    'reed-solomon:3+5',
    'parity:1+1',
    'parity:5+1',
    'mirror:4',
  ])('%s restores after every loss of k shards, data and parity alike', (text) => {
    const code = parseCode(text);
    const shards = coded(code, 131);
    for (const lost of choices(totalShards(code), code.k)) {
      const present = shards.filter(({ shard }) => !lost.includes(shard)).reverse();
      const made = reconstructShards(code, present, lost);
      lost.forEach((shard, i) => expectBytes(made[i], shards[shard]!.bytes));
    }
  });

  it('restores 255 shards of which 55 are lost', () => {
    const code = parseCode('reed-solomon:200+55');
    const shards = coded(code, 17);
    const lost = Array.from({ length: 55 }, (_, i) => i * 4);
    const made = reconstructShards(
      code,
      shards.filter(({ shard }) => !lost.includes(shard)),
      lost,
    );
    lost.forEach((shard, i) => expectBytes(made[i], shards[shard]!.bytes));
  });

  it('restores any byte range by itself, of any length and alignment', () => {
    for (const text of ['reed-solomon:5+3', 'parity:3+1', 'mirror:2']) {
      const code = parseCode(text);
      const shards = coded(code, 5000);
      for (const [start, end] of [
        [0, 1],
        [1, 4],
        [3, 2051],
        [2047, 2049],
        [4999, 5000],
        [0, 0],
      ] as const) {
        const present = shards
          .slice(code.k)
          .map(({ shard, bytes }) => ({ shard, bytes: bytes.subarray(start, end) }));
        const [made] = reconstructShards(code, present, [0]);
        expectBytes(made, shards[0]!.bytes.subarray(start, end));
      }
    }
  });

  it('hands back present shards as they are, in the order wanted', () => {
    const shards = coded(parseCode('stripe:3'), 10);
    const made = reconstructShards(parseCode('stripe:3'), shards, [2, 0]);
    expect(made[0]).toBe(shards[2]!.bytes);
    expect(made[1]).toBe(shards[0]!.bytes);
  });

  it('keeps what it was given and gives arrays of their own', () => {
    const code = parseCode('mirror:3');
    const data = [patternBytes(10)];
    const parity = encodeParity(code, data);
    parity[0]![0]! ^= 1;
    expectBytes(data[0], patternBytes(10));
    expectBytes(parity[1], patternBytes(10));
    // a Buffer's slice is a view; a copy must be a copy
    const buffer = Buffer.from(patternBytes(10));
    encodeParity(parseCode('parity:2+1'), [buffer, patternBytes(10, 2)]);
    expectBytes(buffer, patternBytes(10));
  });

  it('names too few shards, a shard given twice counting once', () => {
    const code = parseCode('reed-solomon:3+2');
    const shards = coded(code, 10);
    expect(faultOfCall(() => reconstructShards(code, shards.slice(0, 2), [4]))).toBe('too-few');
    expect(faultOfCall(() => reconstructShards(code, [shards[0]!, shards[0]!, shards[1]!], [4]))).toBe(
      'too-few',
    );
    expect(faultOfCall(() => reconstructShards(parseCode('stripe:3'), shards.slice(0, 2), [2]))).toBe(
      'too-few',
    );
  });

  it('refuses shards that cannot be', () => {
    const code = parseCode('reed-solomon:3+2');
    const shards = coded(code, 10);
    const odd = { shard: 2, bytes: patternBytes(9) };
    expect(faultOfCall(() => reconstructShards(code, [shards[0]!, shards[1]!, odd], [4]))).toBe('usage');
    for (const shard of [-1, 5, 1.5])
      expect(faultOfCall(() => reconstructShards(code, shards, [shard]))).toBe('usage');
    expect(faultOfCall(() => encodeParity(code, [patternBytes(10)]))).toBe('usage');
    expect(
      faultOfCall(() => encodeParity(code, [patternBytes(10), patternBytes(10), patternBytes(11)])),
    ).toBe('usage');
    expect(faultOfCall(() => validateCode({ name: 'mirror', m: 2, k: 1 }))).toBe('usage');
  });
});
