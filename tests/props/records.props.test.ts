import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { toBytes } from '../../src/core/bytes.ts';
import { decodeCbor, encodeCbor } from '../../src/core/cbor.ts';
import { RoostError } from '../../src/core/errors.ts';
import { chunkIdFromBytes, packIdFromBytes, snapshotIdFromBytes } from '../../src/core/ids.ts';
import { TIME_MAX_MS } from '../../src/core/limits.ts';
import { decodeBundle, encodeBundle } from '../../src/core/snapshot/bundle.ts';
import { decodeIndexPart, encodeIndexPart } from '../../src/core/snapshot/index-part.ts';
import { decodePackHeader } from '../../src/core/snapshot/pack.ts';
import { isSafeName, portableName, safeParts } from '../../src/core/snapshot/safe-path.ts';
import { decodeSnapshot, encodeSnapshot } from '../../src/core/snapshot/snapshot.ts';
import { decodeTree, encodeTree, isTreeName } from '../../src/core/snapshot/tree.ts';
import type { TreeEntry } from '../../src/core/snapshot/types.ts';
import { expectBytes } from '../contracts/expect-fault.ts';
import { INDEX_PART, PACK, SNAPSHOT, TREE } from '../unit/core-format/samples.ts';

const bytesOf = (length: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(toBytes);
const uint = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const time = fc.integer({ min: 0, max: TIME_MAX_MS });
const chunks = fc.array(bytesOf(32).map(chunkIdFromBytes), { maxLength: 3 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
const label = fc.string({ maxLength: 30, unit: 'binary' });
const id32 = fc.integer({ min: 0, max: 0xffff_ffff });

const treeEntry: fc.Arbitrary<TreeEntry> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter(isTreeName),
  kind: fc.constantFrom('file', 'folder', 'link'),
  size: uint,
  mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  mode: maybe(fc.integer({ min: 0, max: 0xffff })),
  owner: maybe(fc.record({ uid: id32, gid: id32 })),
  target: maybe(fc.string({ maxLength: 40, unit: 'binary' })),
  chunks,
});

/** Any value our CBOR may hold. */
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Number.isInteger(n)),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 40 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.string({ unit: 'binary' }), tie('node')), { maxLength: 5 })
      .map((entries) => new Map(entries)),
  ),
})).node;

describe('records', () => {
  it('CBOR gives any value back, in one encoding', () => {
    fc.assert(
      fc.property(value, (given) => {
        const bytes = encodeCbor(given);
        const decoded = decodeCbor(bytes, bytes.length);
        expect(decoded).toEqual(given);
        expectBytes(encodeCbor(decoded), bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('trees come back with their names in UTF-8 order', () => {
    const entries = fc.uniqueArray(treeEntry, { maxLength: 12, selector: ({ name }) => name });
    fc.assert(
      fc.property(entries, (given) => {
        const { entries: back } = decodeTree(encodeTree({ entries: given }));
        const sorted = given.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
        expect(back).toEqual(sorted);
      }),
      { numRuns: 200 },
    );
  });

  it('snapshots come back', () => {
    const snapshot = fc.record({
      id: bytesOf(16).map(snapshotIdFromBytes),
      deviceLabel: label,
      parent: maybe(bytesOf(16).map(snapshotIdFromBytes)),
      startedAt: time,
      endedAt: time,
      root: chunks,
      files: uint,
      folders: uint,
      bytes: uint,
      unreadable: fc.array(fc.record({ path: label, reason: label }), { maxLength: 5 }),
      unreadableCount: uint,
    });
    fc.assert(
      fc.property(snapshot, (given) => {
        const whole = { ...SNAPSHOT, ...given };
        expect(decodeSnapshot(encodeSnapshot(whole))).toEqual(whole);
      }),
    );
  });

  it('index parts come back', () => {
    const part = fc.record({
      packs: fc.array(
        fc.record({
          packId: bytesOf(16).map(packIdFromBytes),
          salt: bytesOf(32),
          kind: fc.constantFrom('data' as const, 'meta' as const),
          chunks: fc.array(
            fc.record({
              id: bytesOf(32).map(chunkIdFromBytes),
              bundle: fc.integer({ min: 0, max: PACK.bundles.length - 1 }),
              offset: fc.integer({ min: 0, max: 400_000 }),
              length: fc.integer({ min: 1, max: 400_000 }),
            }),
            { maxLength: 4 },
          ),
        }),
        { maxLength: 4 },
      ),
      removedPacks: fc.array(bytesOf(16).map(packIdFromBytes), { maxLength: 4 }),
      forgotten: fc.array(bytesOf(16).map(snapshotIdFromBytes), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(part, (given) => {
        const whole = {
          ...given,
          snapshots: [SNAPSHOT],
          packs: given.packs.map((pack) => ({ ...PACK, ...pack })),
        };
        expect(decodeIndexPart(encodeIndexPart(whole))).toEqual(whole);
      }),
    );
  });

  it('bundles come back, be they noise, text or a mixture', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc
        .record({ byte: fc.nat(255), length: fc.nat(100_000) })
        .map(({ byte, length }) => new Uint8Array(length).fill(byte)),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom('auto' as const, 'none' as const),
        (parts, codec) => {
          const plain = toBytes(new Uint8Array(Buffer.concat(parts)));
          expectBytes(decodeBundle(encodeBundle(plain, codec)), plain);
        },
      ),
    );
  });

  it('no name that is safe leaves its folder, and portable names are safe and stay apart', () => {
    const name = fc.string({
      maxLength: 12,
      unit: fc.constantFrom('.', '\\', ':', '%', '2', 'E', 'a', '\0', '\n', ' ', 'é'),
    });
    fc.assert(
      fc.property(name, name, (a, b) => {
        for (const rule of ['posix', 'portable'] as const) {
          if (!isSafeName(a, rule)) expect(() => safeParts(a, rule)).toThrow(RoostError);
          else expect(safeParts(a, rule)).toEqual([a]);
        }
        if (isTreeName(a)) expect(isSafeName(portableName(a))).toBe(true);
        if (a !== b) expect(portableName(a)).not.toBe(portableName(b));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Heads of lists, maps, byte strings and text that claim gigabytes, breaks, tags, floats. */
const NASTY = [
  '9affffffff',
  'bbffffffffffffffff',
  '5b00000000ffffffff',
  '7affffffff',
  '9f',
  'ff',
  'c2',
  'f97e00',
  'f7',
  '1bffffffffffffffff',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

describe('mutated records', () => {
  const PARSERS: readonly (readonly [string, Bytes, (bytes: Bytes) => unknown])[] = [
    [
      'CBOR',
      encodeCbor({ a: [1, 2n ** 60n, 'text', null, { b: new Uint8Array(3) }] }),
      (bytes) => decodeCbor(bytes, 10_000),
    ],
    ['a tree', encodeTree(TREE), decodeTree],
    ['a snapshot', encodeSnapshot(SNAPSHOT), decodeSnapshot],
    ['an index part', encodeIndexPart(INDEX_PART), decodeIndexPart],
    ['a bundle', encodeBundle(new Uint8Array(5000), 'auto'), decodeBundle],
    [
      'a pack header',
      toBytes(
        new Uint8Array(Buffer.from(`5250414b01010000${'00'.repeat(48)}000000010000010000000020`, 'hex')),
      ),
      decodePackHeader,
    ],
  ];

  it.each(PARSERS)('%s are read or refused with a fault, never anything else', (_name, good, parse) => {
    parse(good);
    const mutation = fc.record({
      at: fc.nat(good.length),
      remove: fc.nat(4),
      insert: fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.constantFrom(...NASTY)),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let bytes: Uint8Array = good;
        for (const { at, remove, insert } of mutations) {
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
        }
        try {
          parse(toBytes(new Uint8Array(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(RoostError);
          expect(['malformed', 'corrupt']).toContain((error as RoostError).fault);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
