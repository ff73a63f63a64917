import { describe, expect, it } from 'vitest';
import { CodecPool } from '../../src/adapters/web/codec-pool.ts';
import { importAccountKeys } from '../../src/core/crypto/phrase.ts';
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import { parseCode } from '../../src/core/erasure/codes.ts';
import { parseAgreementId, parseDeviceId, parsePackId } from '../../src/core/ids.ts';
import type { EncodedPack } from '../../src/ports/codec.ts';
import { codecContract } from './codec.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';
import { CONTRACT_SECRETS } from './key-vault.ts';

const suite = createWebCryptoSuite(crypto.subtle);

codecContract('the pool of two codec workers', async () => ({ codec: new CodecPool(2), suite }));

/** A worker that ends at its first call, as one does that ran out of memory. */
const MORTAL = `
  navigator.locks.request('unused', () => undefined);
  onmessage = ({ data }) => {
    if (data.type !== 'APPLY') return;
    if (data.path[0] !== 'holdLifeline') return void self.close();
    const name = data.argumentList[0].value;
    navigator.locks.request(name, () => {
      postMessage({ id: data.id, type: 'RAW', value: undefined });
      return new Promise(() => undefined);
    });
  };
`;

const whole = (length: number): { start: number; length: number; final: boolean }[] => [
  { start: 0, length, final: true },
];

describe('the codec pool', () => {
  it('takes the buffer and gives the same bytes back', async () => {
    const pool = new CodecPool(1);
    await pool.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const given = patternBytes(700_000);
    const { buffer, chunks } = await pool.cut(given, whole(700_000));
    expect(given.length).toBe(0);
    expectBytes(buffer, patternBytes(700_000));
    expect(chunks[0]?.reduce((sum, { length }) => sum + length, 0)).toBe(700_000);
    await pool.close();
  });

  it('seals into the arrays of shards given back, to the same bytes', async () => {
    const pool = new CodecPool(1);
    const keys = await importAccountKeys(suite, CONTRACT_SECRETS);
    await pool.setKeys(keys);
    const packId = parsePackId('0102030405060708090a0b0c0d0e0f10');
    const salt = patternBytes(32, 7);
    const seals = [0, 1, 2].map((shard) => ({
      owner: keys.account,
      holder: parseDeviceId(`0${shard}`.repeat(20)),
      agreement: parseAgreementId('22'.repeat(16)),
      packId,
      shard,
    }));
    const encode = async (): Promise<EncodedPack> => {
      const buffer = patternBytes(600_000);
      const bundles = [{ start: 0, length: 600_000 }];
      const { sealed } = await pool.sealBundles({
        packId,
        salt,
        buffer,
        firstIndex: 0,
        codec: 'none',
        bundles,
      });
      const lengths = sealed.map(({ length }) => length);
      const code = parseCode('reed-solomon:2+1');
      return pool.encodePack({ packId, salt, kind: 'data', code, parts: sealed, lengths, seals });
    };
    const first = await encode();
    const kept = first.shards.map(({ sealed }) => sealed.slice());
    pool.giveBack(first.shards);
    const second = await encode();
    // Given away, to be sealed into.
    for (const { sealed } of first.shards) expect(sealed.length).toBe(0);
    for (const [i, { sealed }] of second.shards.entries()) expectBytes(sealed, kept[i]!);
    await pool.close();
  });

  it('cuts alike in every worker, however many calls wait', async () => {
    const pool = new CodecPool(4);
    await pool.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const results = await Promise.all(
      Array.from({ length: 40 }, () => pool.cut(patternBytes(300_000), whole(300_000))),
    );
    const [first] = results;
    for (const { chunks } of results) expect(chunks).toEqual(first?.chunks);
    await pool.close();
  });

  it('rejects the calls of a worker that died and gives later ones to a new worker', async () => {
    const url = URL.createObjectURL(new Blob([MORTAL], { type: 'text/javascript' }));
    const starts: (() => Worker)[] = [() => new Worker(url)];
    const real = (): Worker =>
      new Worker(new URL('../../workers/codec-worker.ts', import.meta.url), { type: 'module' });
    const pool = new CodecPool(1, () => (starts.shift() ?? real)());
    await expectFault(pool.cut(patternBytes(1000), whole(1000)), 'internal');
    await pool.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const { chunks } = await pool.cut(patternBytes(1000), whole(1000));
    expect(chunks[0]?.length).toBe(1);
    await pool.close();
    URL.revokeObjectURL(url);
  });

  it('rejects every call when its script cannot be loaded', async () => {
    const pool = new CodecPool(1, () => new Worker('/no-such-script.js', { type: 'module' }));
    await expectFault(pool.cut(patternBytes(10), whole(10)), 'internal');
    await pool.close();
  });

  it('rejects what waits when it is closed, and all calls afterwards', async () => {
    const pool = new CodecPool(1);
    await pool.setKeys(await importAccountKeys(suite, CONTRACT_SECRETS));
    const calls = Array.from({ length: 10 }, () => pool.cut(patternBytes(500_000), whole(500_000)));
    const faults = Promise.all(calls.map((call) => expectFault(call, 'aborted')));
    await pool.close();
    await faults;
    await expectFault(
      Promise.resolve().then(() => pool.cut(patternBytes(10), whole(10))),
      'aborted',
    );
  });
});
