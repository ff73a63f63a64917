import { describe, expect, it } from 'vitest';
import { encodeCbor } from '../../../src/core/cbor.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { UNREADABLE_MAX } from '../../../src/core/limits.ts';
import { decodeIndexPart, encodeIndexPart } from '../../../src/core/snapshot/index-part.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../src/core/snapshot/snapshot.ts';
import { decodeTree, encodeTree, isTreeName } from '../../../src/core/snapshot/tree.ts';
import type { TreeEntry } from '../../../src/core/snapshot/types.ts';
import { INDEX_PART, PACK, SNAPSHOT, TREE } from './samples.ts';

const fault = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof RoostError) return error.fault;
    throw error;
  }
  return 'none';
};
const entry = (name: string): TreeEntry => ({ ...TREE.entries[2]!, name });

describe.each([
  ['tree', encodeTree(TREE), decodeTree, encodeTree as (record: never) => Uint8Array],
  ['snapshot', encodeSnapshot(SNAPSHOT), decodeSnapshot, encodeSnapshot as (record: never) => Uint8Array],
  [
    'index part',
    encodeIndexPart(INDEX_PART),
    decodeIndexPart,
    encodeIndexPart as (record: never) => Uint8Array,
  ],
])('a %s', (_name, bytes, decode, encode) => {
  it('is read back as it was written', () => {
    expect(Buffer.compare(encode(decode(bytes) as never), bytes)).toBe(0);
  });

  it('is malformed when cut at any byte or followed by another', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(fault(() => decode(bytes.subarray(0, length)))).toBe('malformed');
    }
    expect(fault(() => decode(new Uint8Array([...bytes, 0])))).toBe('malformed');
  });

  it('with any byte changed is malformed or another record, written the one way', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0x80]) {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        let record: unknown;
        const found = fault(() => (record = decode(changed)));
        if (found === 'none') expect(Buffer.compare(encode(record as never), changed)).toBe(0);
        else expect(found).toBe('malformed');
      }
    }
  });
});

describe('a tree', () => {
  it('keeps all that a file has', () => {
    expect(decodeTree(encodeTree(TREE))).toEqual(TREE);
    expect(decodeTree(encodeTree({ entries: [] }))).toEqual({ entries: [] });
  });

  it('sorts names by their UTF-8 bytes, whatever order they come in', () => {
    const names = ['\u{1F600}', '\uFF5E', 'b', 'a', 'aa', 'a b', 'é', 'Z'];
    const decoded = decodeTree(encodeTree({ entries: names.map(entry) }));
    const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(decoded.entries.map(({ name }) => name)).toEqual(sorted);
  });

  it('is malformed when its names are out of order or twice', () => {
    const value = (names: string[]): Uint8Array<ArrayBuffer> =>
      encodeCbor({
        v: 1,
        entries: names.map((name) => [name, 0, 0, 0, null, null, null, new Uint8Array(0)]),
      });
    expect(fault(() => decodeTree(value(['a', 'b'])))).toBe('none');
    expect(fault(() => decodeTree(value(['b', 'a'])))).toBe('malformed');
    expect(fault(() => decodeTree(value(['a', 'a'])))).toBe('malformed');
    for (const name of ['', '.', '..', 'a/b', 'a\0', 'x'.repeat(1025)]) {
      expect(fault(() => decodeTree(value([name])))).toBe('malformed');
    }
  });

  it('refuses to be written with a name it could not be read with', () => {
    for (const name of ['', '.', '..', 'a/b', 'a\0b', '\uD800', 'é'.repeat(513)]) {
      expect(isTreeName(name)).toBe(false);
      expect(fault(() => encodeTree({ entries: [entry(name)] }))).toBe('usage');
    }
    expect(fault(() => encodeTree({ entries: [entry('a'), entry('a')] }))).toBe('usage');
    for (const name of ['...', 'a\\b', '\uFEFFx', ' ', 'é'.repeat(512), 'a\nb']) {
      expect(decodeTree(encodeTree({ entries: [entry(name)] })).entries[0]!.name).toBe(name);
    }
  });
});

describe('a snapshot', () => {
  it('keeps all that it says', () => {
    expect(decodeSnapshot(encodeSnapshot(SNAPSHOT))).toEqual(SNAPSHOT);
  });

  it('names as much of the unreadable as fits, and its count always', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ path: `folder/${i}`, reason: 'denied' }));
    const decoded = decodeSnapshot(encodeSnapshot({ ...SNAPSHOT, unreadable: many, unreadableCount: 5000 }));
    expect(decoded.unreadable).toEqual(many.slice(0, UNREADABLE_MAX));
    expect(decoded.unreadableCount).toBe(5000);
    const long = Array.from({ length: 100 }, (_, i) => ({
      path: `${i}${'x'.repeat(20_000)}`,
      reason: 'denied',
    }));
    const bytes = encodeSnapshot({ ...SNAPSHOT, unreadable: long, unreadableCount: 100 });
    expect(bytes.length).toBeLessThan(200_000);
    expect(decodeSnapshot(bytes).unreadable.length).toBeGreaterThan(3);
    const odd = [{ path: 'a\uD800', reason: 'no Unicode' }];
    expect(decodeSnapshot(encodeSnapshot({ ...SNAPSHOT, unreadable: odd })).unreadable[0]!.path).toBe(
      'a\uFFFD',
    );
  });
});

describe('an index part', () => {
  it('keeps all that it says', () => {
    expect(decodeIndexPart(encodeIndexPart(INDEX_PART))).toEqual(INDEX_PART);
  });

  it.each([
    ['bundles that do not fit the shards', { shardBytes: 3000 }],
    ['a code with wrong m and k', { code: { name: 'mirror', m: 2, k: 1 } }],
    ['a salt of another length', { salt: new Uint8Array(31) }],
    [
      'a chunk in a bundle that is not there',
      { chunks: [{ ...INDEX_PART.packs[0]!.chunks[0]!, bundle: 2 }] },
    ],
    [
      'a chunk beyond the end of any bundle',
      { chunks: [{ ...INDEX_PART.packs[0]!.chunks[0]!, offset: 900_000, length: 100_000 }] },
    ],
    ['a chunk of no bytes', { chunks: [{ ...INDEX_PART.packs[0]!.chunks[0]!, length: 0 }] }],
  ] as const)('refuses %s', (_what, change) => {
    const pack = { ...INDEX_PART.packs[0]!, ...change };
    expect(fault(() => encodeIndexPart({ ...INDEX_PART, packs: [pack] }))).toBe('malformed');
  });

  it('refuses more than a bundle holds', () => {
    const packs = Array.from({ length: 7000 }, () => ({ ...PACK, chunks: [] }));
    expect(fault(() => encodeIndexPart({ ...INDEX_PART, packs }))).toBe('malformed');
  });
});
