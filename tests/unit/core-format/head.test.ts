import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { AccountKeys } from '../../../src/core/crypto/account-keys.ts';
import { importAccountKeys, phraseFromEntropy, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import { encodeCbor } from '../../../src/core/cbor.ts';
import { deviceIdOfKey } from '../../../src/core/ids.ts';
import { HEAD_MAX_BYTES } from '../../../src/core/limits.ts';
import { openHead, readHeadEnvelope, sealHead } from '../../../src/core/snapshot/head.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import type { SampleDevice } from './samples.ts';
import { NOW, PACK, sampleDevice, sampleHead } from './samples.ts';
import { SUITES, fixedKeys, toHex } from './suites.ts';

describe.each(SUITES)('a head by %s', (_name, suite) => {
  let keys: AccountKeys;
  let others: AccountKeys;
  let device: SampleDevice;
  let bytes: Bytes;
  beforeAll(async () => {
    keys = await fixedKeys(suite);
    others = await importAccountKeys(suite, secretsFromPhrase(phraseFromEntropy(new Uint8Array(16).fill(9))));
    device = await sampleDevice(suite, keys);
    bytes = await sealHead(suite, keys, device.signer, device.certificate, sampleHead(keys, device));
  });

  it('is opened by its account as it was sealed', async () => {
    expect(await openHead(suite, keys, bytes)).toEqual(sampleHead(keys, device));
    expect(bytes.length).toBeLessThan(2000);
  });

  it('tells its holder whose it is and which number it has, and no more', async () => {
    const envelope = await readHeadEnvelope(suite, bytes);
    expect(envelope).toMatchObject({
      account: keys.account,
      device: deviceIdOfKey(device.signer.publicKey),
      rendezvous: keys.rendezvous,
      seq: 4,
      savedAt: NOW,
    });
    for (const hidden of [PACK.packId, toHex(PACK.salt), sampleHead(keys, device).cooperative]) {
      expect(toHex(bytes)).not.toContain(hidden);
    }
  });

  it('is the same for the same content and shares no key with another', async () => {
    const seal = (seq: number): Promise<Bytes> =>
      sealHead(suite, keys, device.signer, device.certificate, sampleHead(keys, device, seq));
    expect(toHex(await seal(4))).toBe(toHex(bytes));
    const salt = (head: Bytes): string => {
      const at = Buffer.from(head).indexOf('salt') + 'salt'.length + 2;
      return toHex(head.subarray(at, at + 32));
    };
    expect(salt(await seal(5))).not.toBe(salt(bytes));
  });

  it('with any byte changed, cut or added is no head to its holder', async () => {
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = bytes.slice();
      changed[at]! ^= 1 << (at % 8);
      await expectFault(readHeadEnvelope(suite, changed), 'malformed', 'corrupt', 'refused');
    }
    for (let length = 0; length < bytes.length; length += 17) {
      await expectFault(readHeadEnvelope(suite, bytes.slice(0, length)), 'malformed', 'corrupt');
    }
    await expectFault(readHeadEnvelope(suite, new Uint8Array([...bytes, 0])), 'malformed');
    await expectFault(readHeadEnvelope(suite, new Uint8Array(HEAD_MAX_BYTES + 1)), 'malformed');
  });

  it('of another account is refused', async () => {
    await expectFault(openHead(suite, others, bytes), 'refused');
  });

  it('cannot be signed by a device of another key, nor name another device or account', async () => {
    const stranger = await sampleDevice(suite, keys, 60);
    const head = sampleHead(keys, device);
    await expectFault(sealHead(suite, keys, stranger.signer, device.certificate, head), 'corrupt');
    await expectFault(sealHead(suite, keys, stranger.signer, stranger.certificate, head), 'corrupt');
    await expectFault(
      sealHead(suite, keys, device.signer, device.certificate, { ...head, account: others.account }),
      'corrupt',
    );
  });

  it('does not count when it was saved after the life of its certificate', async () => {
    const head = { ...sampleHead(keys, device), savedAt: NOW + 20_000_000_000 };
    await expectFault(sealHead(suite, keys, device.signer, device.certificate, head), 'refused');
  });

  it('counts when the clock stood before the certificate was made: clocks are set', async () => {
    const head = { ...sampleHead(keys, device), savedAt: NOW - 3 * 86_400_000 };
    const sealed = await sealHead(suite, keys, device.signer, device.certificate, head);
    expect(sealed.length).toBeLessThan(HEAD_MAX_BYTES);
  });

  it('never grows beyond its bound', async () => {
    const head = sampleHead(keys, device);
    const index = Array.from({ length: 600 }, () => PACK);
    await expectFault(sealHead(suite, keys, device.signer, device.certificate, { ...head, index }), 'usage');
    const full = {
      ...head,
      index: Array.from({ length: 64 }, () => ({ ...PACK, bundles: new Array<number>(30).fill(400) })),
    };
    const sealed = await sealHead(suite, keys, device.signer, device.certificate, full);
    expect(sealed.length).toBeLessThan(HEAD_MAX_BYTES);
  });

  it('inside an envelope of another shape is malformed', async () => {
    await expectFault(readHeadEnvelope(suite, encodeCbor([bytes])), 'malformed');
    await expectFault(readHeadEnvelope(suite, encodeCbor({ signed: bytes })), 'malformed');
  });
});
