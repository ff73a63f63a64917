import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import type { MetaOperation, MetaStore } from '../../src/ports/meta-store.ts';
import { expectFault, patternBytes } from './expect-fault.ts';

export interface MetaStoreHarness {
  readonly store: MetaStore;
  /** A second store over the same rows; called after the first was closed. */
  reopen(): Promise<MetaStore>;
  cleanUp?(): Promise<void>;
}

const bytes = (...values: number[]): Bytes => new Uint8Array(values);
const put = (key: string, value: Bytes, table = 'first'): MetaOperation => ({
  kind: 'put',
  table,
  key,
  value,
});
const del = (key: string, table = 'first'): MetaOperation => ({ kind: 'delete', table, key });

/** What every meta store must keep. `make` gives an empty store that has CONTRACT_TABLES. */
export function metaStoreContract(name: string, make: () => Promise<MetaStoreHarness>): void {
  describe(`${name} keeps the meta store contract`, () => {
    let harness: MetaStoreHarness;
    let store: MetaStore;

    beforeEach(async () => {
      harness = await make();
      store = harness.store;
    });
    afterEach(async () => {
      await store.close();
      await harness.cleanUp?.();
    });

    const keys = async (range: Parameters<MetaStore['scan']>[1], table = 'first'): Promise<string[]> =>
      (await store.scan(table, range)).map((row) => row.key);

    it('gives undefined for a key that is not there', async () => {
      expect(await store.get('first', 'a')).toBeUndefined();
      expect(await store.getMany('first', ['a', 'b'])).toEqual([undefined, undefined]);
      expect(await store.scan('first', { limit: 10 })).toEqual([]);
    });

    it('gives back the bytes put, the empty ones too, and the newest of two', async () => {
      await store.write([put('a', bytes(1, 2, 3)), put('empty', bytes())]);
      expect(await store.get('first', 'a')).toEqual(bytes(1, 2, 3));
      expect(await store.get('first', 'empty')).toEqual(bytes());
      await store.write([put('a', bytes(9))]);
      expect(await store.get('first', 'a')).toEqual(bytes(9));
    });

    it('gives values that own an ordinary buffer of their own length', async () => {
      await store.write([put('a', patternBytes(300).subarray(100, 200))]);
      const value = await store.get('first', 'a');
      expect(value).toBeInstanceOf(Uint8Array);
      expect(value?.buffer).toBeInstanceOf(ArrayBuffer);
      expect(value).toEqual(patternBytes(300).slice(100, 200));
    });

    it('keeps no tie to the bytes given', async () => {
      const given = bytes(1, 2, 3);
      await store.write([put('a', given)]);
      given[0] = 99;
      expect(await store.get('first', 'a')).toEqual(bytes(1, 2, 3));
    });

    it('keeps tables apart', async () => {
      await store.write([put('a', bytes(1), 'first'), put('a', bytes(2), 'second')]);
      await store.write([del('a', 'first')]);
      expect(await store.get('first', 'a')).toBeUndefined();
      expect(await store.get('second', 'a')).toEqual(bytes(2));
    });

    it('returns many values in the order of the keys, repeated ones too', async () => {
      await store.write([put('a', bytes(1)), put('b', bytes(2)), put('c', bytes(3))]);
      expect(await store.getMany('first', ['c', 'x', 'a', 'c'])).toEqual([
        bytes(3),
        undefined,
        bytes(1),
        bytes(3),
      ]);
      expect(await store.getMany('first', [])).toEqual([]);
    });

    it('applies the operations of a batch in order', async () => {
      await store.write([put('a', bytes(1)), del('a'), put('b', bytes(1)), put('b', bytes(2))]);
      expect(await store.get('first', 'a')).toBeUndefined();
      expect(await store.get('first', 'b')).toEqual(bytes(2));
    });

    it('applies all of a batch or nothing', async () => {
      await store.write([put('a', bytes(1))]);
      await expectFault(
        store.write([put('a', bytes(2)), put('b', bytes(2)), put('x', bytes(3), 'No Such Table!')]),
        'usage',
      );
      expect(await store.get('first', 'a')).toEqual(bytes(1));
      expect(await store.get('first', 'b')).toBeUndefined();
    });

    it('runs writes that were not awaited in the order of the calls', async () => {
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          store.write([put('a', bytes(index))], { durable: index % 2 === 0 }),
        ),
      );
      expect(await store.get('first', 'a')).toEqual(bytes(29));
    });

    it('scans in the order of UTF-16 code units', async () => {
      // U+1F600 is written with surrogates (D83D …), which come before U+FF5E though its code point is larger.
      const inOrder = ['', ' ', '0', 'A', 'Z', 'a', 'a0', 'aa', 'b', 'é', '中', '\u{1F600}', '\uFF5E'];
      await store.write([...inOrder].reverse().map((key) => put(key, bytes(1))));
      expect(await keys({ limit: 100 })).toEqual(inOrder);
      expect(await keys({ limit: 100, after: '中' })).toEqual(['\u{1F600}', '\uFF5E']);
      expect(await keys({ limit: 100, prefix: '\u{1F600}' })).toEqual(['\u{1F600}']);
    });

    it('keeps prefix, after and limit, alone and together', async () => {
      await store.write(
        ['a', 'a/1', 'a/2', 'a/3', 'a\uFFFF', 'a\uFFFFz', 'b', 'b/1'].map((key) => put(key, bytes(1))),
      );
      expect(await keys({ limit: 2 })).toEqual(['a', 'a/1']);
      expect(await keys({ limit: 10, prefix: 'a/' })).toEqual(['a/1', 'a/2', 'a/3']);
      expect(await keys({ limit: 10, prefix: 'a\uFFFF' })).toEqual(['a\uFFFF', 'a\uFFFFz']);
      expect(await keys({ limit: 10, after: 'a/3' })).toEqual(['a\uFFFF', 'a\uFFFFz', 'b', 'b/1']);
      expect(await keys({ limit: 1, prefix: 'a/', after: 'a/1' })).toEqual(['a/2']);
      expect(await keys({ limit: 10, prefix: 'b', after: 'a' })).toEqual(['b', 'b/1']);
      expect(await keys({ limit: 10, prefix: 'a/', after: 'b' })).toEqual([]);
    });

    it('goes through a table page by page and meets every row once', async () => {
      const all = Array.from({ length: 2500 }, (_, index) => `row-${index.toString().padStart(6, '0')}`);
      await store.write(all.map((key, index) => put(key, bytes(index & 255))));
      const met: string[] = [];
      let after: string | undefined;
      for (;;) {
        const rows = await store.scan('first', { limit: 700, ...(after === undefined ? {} : { after }) });
        if (rows.length === 0) break;
        met.push(...rows.map((row) => row.key));
        after = rows.at(-1)?.key;
      }
      expect(met).toEqual(all);
    });

    it('refuses a limit outside 1 to 10,000', async () => {
      await expectFault(store.scan('first', { limit: 0 }), 'usage');
      await expectFault(store.scan('first', { limit: 10_001 }), 'usage');
      await expectFault(store.scan('first', { limit: 1.5 }), 'usage');
    });

    it('has everything after it was opened again', async () => {
      const value = patternBytes(200_000);
      await store.write([put('large', value), put('b', bytes(2), 'second')]);
      await store.write([put('c', bytes(3))], { durable: false });
      await store.close();
      store = await harness.reopen();
      expect(await store.get('first', 'large')).toEqual(value);
      expect(await store.get('second', 'b')).toEqual(bytes(2));
      expect(await store.get('first', 'c')).toEqual(bytes(3));
    });
  });
}
