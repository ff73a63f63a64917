import { afterEach, describe, expect, it, vi } from 'vitest';
import { CodecPool } from '../../src/adapters/web/codec-pool.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { concatBytes } from '../../src/core/bytes.ts';
import { importAccountKeys } from '../../src/core/crypto/phrase.ts';
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { parsePackId } from '../../src/core/ids.ts';
import { openBundle, packKey, sealBundle } from '../../src/core/snapshot/pack.ts';
import { PLAIN_ZSTD } from '../../src/core/zstd/engine.ts';
import { loadZstd } from '../../workers/zstd.ts';
import { ZSTD_SAMPLES } from '../vectors/zstd-samples.ts';
import { expectBytes, patternBytes } from './expect-fault.ts';
import { CONTRACT_SECRETS } from './key-vault.ts';
import { GOLDEN_FRAMES, zstdBundle, zstdContract } from './zstd.ts';

zstdContract('WebAssembly in a browser', async () => {
  const zstd = await loadZstd();
  expect(zstd.compress).toBeDefined();
  return zstd;
});
zstdContract('plain JavaScript in a browser', () => PLAIN_ZSTD);

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('plain JavaScript takes its place', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(await loadZstd()).toBe(PLAIN_ZSTD);
  });

  it('so it does where the module does not load or compile', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await loadZstd()).toBe(PLAIN_ZSTD);
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('none', { status: 404 })));
    expect(await loadZstd()).toBe(PLAIN_ZSTD);
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('<!doctype html>')));
    expect(await loadZstd()).toBe(PLAIN_ZSTD);
  });
});

describe("the codec's worker", () => {
  const suite = createWebCryptoSuite(crypto.subtle);
  const pack = { packId: parsePackId('0102030405060708090a0b0c0d0e0f10'), salt: patternBytes(32, 77) };

  it('makes bundles of zstd, and reads those of others', async () => {
    const keys = await importAccountKeys(suite, CONTRACT_SECRETS);
    const key = await packKey(suite, keys.content, pack.salt);
    const pool = new CodecPool(1);
    await pool.setKeys(keys);
    const plain = ZSTD_SAMPLES['records']!();
    const noise = patternBytes(300_000, 5);
    const buffer = concatBytes(plain, noise);
    const { sealed } = await pool.sealBundles({
      ...pack,
      buffer,
      firstIndex: 0,
      codec: 'auto',
      bundles: [
        { start: 0, length: plain.length },
        { start: plain.length, length: noise.length },
      ],
    });
    const [first, last] = sealed as [Bytes, Bytes];
    expect(first.length).toBeLessThan(plain.length / 10);
    expect(last.length).toBe(noise.length + 21);
    // Plain JavaScript reads what the worker made, and is asked to: it is zstd.
    const frames: number[] = [];
    const spying = {
      ...PLAIN_ZSTD,
      decompress: (frame: Uint8Array, length: number) => {
        frames.push(frame.length);
        return PLAIN_ZSTD.decompress(frame, length);
      },
    };
    expectBytes(await openBundle(suite, key, pack.packId, 0, first, spying), plain);
    expect(frames).toHaveLength(1);

    const theirs = await Promise.all(
      GOLDEN_FRAMES.map(({ plain: given, frame }, i) =>
        sealBundle(suite, key, pack.packId, i, zstdBundle(frame, given.length)),
      ),
    );
    const bundles = theirs.map((bundle, index) => ({ index, sealed: bundle, chunks: [] }));
    const read = await pool.openBundles({ ...pack, bundles });
    GOLDEN_FRAMES.forEach(({ plain: given }, i) => expectBytes(read[i], given));
    await pool.close();
  });
});
