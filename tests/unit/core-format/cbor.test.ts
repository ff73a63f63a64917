import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { decodeCbor, encodeCbor } from '../../../src/core/cbor.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { readCbor, readMap } from '../../../src/core/schema.ts';
import { compareUtf8, decodeUtf8, encodeUtf8, utf8Length } from '../../../src/core/utf8.ts';
import { fromHex, toHex } from './suites.ts';

const malformed = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(RoostError);
    expect((error as RoostError).fault).toBe('malformed');
    return (error as RoostError).message;
  }
  throw new Error('it was taken');
};

describe('CBOR', () => {
  it('encodes with sorted keys, shortest numbers and no undefined', () => {
    expect(toHex(encodeCbor({ bb: 1, a: [0, 23, 24, 256, 65_536], c: undefined, b: 'é' }))).toBe(
      'a3616185001718181901001a00010000616262c3a962626201',
    );
    expect(toHex(encodeCbor([2 ** 32, 2n ** 64n - 1n, -(2n ** 64n), 5n, 1.5]))).toBe(
      '851b00000001000000001bffffffffffffffff3bffffffffffffffff05f93e00',
    );
  });

  it('gives arrays of their own, never a view into a pool', () => {
    const bytes = encodeCbor({ a: new Uint8Array(10) });
    expect(bytes.buffer.byteLength).toBe(bytes.length);
    const decoded = decodeCbor(bytes, 100) as Map<string, Uint8Array>;
    expect(decoded.get('a')!.buffer.byteLength).toBe(10);
  });

  it('keeps a byte order mark in text, where a file name may have one', () => {
    for (const name of ['\uFEFFx', `\uFEFF${'long '.repeat(20)}`]) {
      expect(decodeCbor(encodeCbor(name), 1000)).toBe(name);
    }
  });

  it.each([
    ['nothing', ''],
    ['an indefinite list', '9f01ff'],
    ['indefinite text', '7f6161ff'],
    ['indefinite bytes', '5f4161ff'],
    ['a number longer than needed', '1801'],
    ['a 64-bit number longer than needed', '1b0000000000000001'],
    ['keys out of order', 'a2616201616102'],
    ['a longer key before a shorter one', 'a262616101616202'],
    ['keys out of order further down', '81a16178a2616201616102'],
    ['a key that is no text', 'a10102'],
    ['the length of bytes longer than needed', '580100'],
    ['the length of text longer than needed', '780161'],
    ['the length of a list longer than needed', '980100'],
    ['the length of a map longer than needed', 'b801616100'],
    ['a negative number longer than needed', '3800'],
    ['a double that a half would hold', 'fb3ff8000000000000'],
    ['the same key twice', 'a2616101616102'],
    ['undefined', 'f7'],
    ['a tag', 'c100'],
    ['a bignum', 'c249010000000000000000'],
    ['bytes after the end', '0000'],
    ['a whole number as float', 'f93c00'],
    ['a float longer than needed', 'fa3fc00000'],
    ['minus zero', 'f98000'],
    ['infinity', 'f97c00'],
    ['not a number', 'f97e00'],
    ['another not a number', 'f97e01'],
    ['text that is not UTF-8', '62c328'],
    ['text with a surrogate', '63eda080'],
    ['a break', 'ff'],
    ['a simple value', 'f0'],
    ['a list shorter than said', '830102'],
    ['a list of four thousand million', '9affffffff'],
    ['bytes of four thousand million', '5affffffff'],
    ['17 levels', `${'81'.repeat(17)}00`],
  ])('refuses %s', (_what, hex) => {
    malformed(() => decodeCbor(fromHex(hex), 1000));
  });

  it('takes no bytes but those that it would write', () => {
    const random = new SeededRandom('cbor');
    let taken = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = encodeCbor({ a: [1, 'x', 300], bb: new Uint8Array(3), c: { z: -5, y: 1.5 }, é: null });
      bytes[random.below(bytes.length)] = random.below(256);
      let value: unknown;
      try {
        value = decodeCbor(bytes, 1000);
      } catch {
        continue;
      }
      taken++;
      expect(toHex(encodeCbor(value))).toBe(toHex(bytes));
    }
    expect(taken).toBeGreaterThan(1000);
  });

  it('takes 16 levels side by side, and refuses a million nested ones without running out of stack', () => {
    const deep = fromHex(`${'81'.repeat(16)}00`);
    expect(toHex(encodeCbor(decodeCbor(deep, 100)))).toBe(toHex(deep));
    const wide = encodeCbor(Array.from({ length: 100 }, () => [[], {}, [[1], [2]]]));
    expect(toHex(encodeCbor(decodeCbor(wide, 10_000)))).toBe(toHex(wide));
    malformed(() => decodeCbor(new Uint8Array(1_000_000).fill(0x81), 1_000_000));
  });

  it('looks at the size before anything else', () => {
    expect(malformed(() => decodeCbor(new Uint8Array(101), 100))).toContain('at most 100 bytes, got 101');
  });

  it('refuses to encode lone surrogates, undefined in lists and what is no number', () => {
    for (const value of [
      '\uD800',
      { a: '\uDFFF' },
      [undefined],
      NaN,
      Infinity,
      [2n ** 64n],
      new Map([['a', undefined]]),
    ]) {
      expect(() => encodeCbor(value)).toThrow();
    }
  });
});

describe('a schema reader', () => {
  const read = (value: unknown): unknown =>
    readCbor(encodeCbor(value), 10_000, 'thing', (item) =>
      item.map((field) => ({
        id: field('id').bytes(2),
        partners: field('partners').list(3, (p) => readMap(p.value, p.what, (f) => f('seq').uint(10, 1))),
        label: field.optional('label')?.text(4),
        wide: field.optional('wide')?.int64(),
        kind: field.optional('kind')?.oneOf(['a', 'b']),
        yes: field.optional('yes')?.boolean(),
        part: field.optional('part')?.number(0, 1),
        pair: field.optional('pair')?.tuple(2)(1).orNone()?.text(5),
      })),
    );
  const good = { id: new Uint8Array(2), partners: [{ seq: 1 }] };

  it('gives what was written', () => {
    expect(
      read({ ...good, label: 'é12', wide: 5n, kind: 'b', yes: false, part: 0.25, pair: [1, null] }),
    ).toEqual({
      id: new Uint8Array(2),
      partners: [1],
      label: 'é12',
      wide: 5n,
      kind: 'b',
      yes: false,
      part: 0.25,
      pair: undefined,
    });
  });

  it.each([
    [{ ...good, id: new Uint8Array(3) }, 'thing.id must be 2 bytes, got 3 bytes'],
    [{ partners: [] }, 'thing must have "id", got none'],
    [{ ...good, extra: 1 }, 'thing must not have "extra"'],
    [
      { ...good, partners: [{ seq: 1 }, { seq: 11 }] },
      'thing.partners[1].seq must be a whole number from 1 to 10',
    ],
    [{ ...good, partners: [{ seq: 0 }] }, 'thing.partners[0].seq'],
    [{ ...good, partners: [{ seq: 1.5 }] }, 'thing.partners[0].seq'],
    [{ ...good, partners: [1, 2, 3, 4] }, 'a list of at most 3, got a list of 4'],
    [{ ...good, partners: {} }, 'a list of at most 3'.slice(0, 6)],
    [{ ...good, label: 'ééé' }, 'at most 4 bytes, got text of 6 bytes'],
    [{ ...good, wide: 2n ** 63n }, 'a 64-bit whole number'],
    [{ ...good, kind: 'c' }, '"a" or "b", got text of 1 bytes'],
    [{ ...good, yes: 1 }, 'true or false'],
    [{ ...good, part: 1.5 }, 'a number from 0 to 1'],
    [{ ...good, pair: [1] }, 'a list of 2, got a list of 1'],
    [[], 'thing must be a map'],
    [new Map<unknown, unknown>([[1, 2], ...Object.entries(good)]), 'a key of type number'],
  ])('refuses case %#, saying where, what was expected and what it got', (value, expected) => {
    expect(malformed(() => read(value))).toContain(expected);
  });
});

describe('UTF-8', () => {
  const samples = ['', 'a', 'é', '中', '\u{1F600}', '\uFEFFx', '\uFFFF', 'a\u{10FFFF}b', '\uE000', '\uD7FF'];

  it('counts, encodes and decodes alike', () => {
    for (const sample of samples) {
      const bytes = encodeUtf8(sample);
      expect(toHex(bytes)).toBe(Buffer.from(sample, 'utf8').toString('hex'));
      expect(utf8Length(sample)).toBe(bytes.length);
      expect(decodeUtf8(bytes)).toBe(sample);
    }
  });

  it('orders text as its bytes are ordered', () => {
    for (const a of samples) {
      for (const b of samples) {
        expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }
    }
  });
});
