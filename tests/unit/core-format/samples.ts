import type { Bytes } from '../../../src/core/bytes.ts';
import type { AccountKeys } from '../../../src/core/crypto/account-keys.ts';
import type { CryptoSuite, Signer } from '../../../src/core/crypto/suite.ts';
import { issueCertificate } from '../../../src/core/identity/certificate.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  chunkIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
  deviceIdOfKey,
  packIdFromBytes,
  snapshotIdFromBytes,
} from '../../../src/core/ids.ts';
import type { Head, IndexPart, PackRef, Snapshot, Tree } from '../../../src/core/snapshot/types.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

/** One full record of each kind, the same in every run. */

export const NOW = 1_800_000_000_000;

export const TREE: Tree = {
  entries: [
    {
      name: 'a folder',
      kind: 'folder',
      size: 3_000_000_000,
      mtimeNs: -1n,
      mode: 0o40755,
      owner: { uid: 0, gid: 4_294_967_294 },
      target: undefined,
      chunks: [chunkIdFromBytes(patternBytes(32, 1))],
    },
    {
      name: 'a link',
      kind: 'link',
      size: 0,
      mtimeNs: 0n,
      mode: undefined,
      owner: undefined,
      target: '../else\\where',
      chunks: [],
    },
    {
      name: 'é.txt',
      kind: 'file',
      size: 70_000,
      mtimeNs: 1_763_700_000_123_456_789n,
      mode: 0o644,
      owner: undefined,
      target: undefined,
      chunks: [chunkIdFromBytes(patternBytes(32, 2)), chunkIdFromBytes(patternBytes(32, 3))],
    },
  ],
};

export const SNAPSHOT: Snapshot = {
  id: snapshotIdFromBytes(patternBytes(16, 1)),
  device: deviceIdFromBytes(patternBytes(20, 2)),
  deviceLabel: 'Zoë’s laptop',
  parent: snapshotIdFromBytes(patternBytes(16, 3)),
  startedAt: NOW,
  endedAt: NOW + 60_000,
  root: [chunkIdFromBytes(patternBytes(32, 4))],
  files: 12,
  folders: 3,
  bytes: 5_000_000_000,
  unreadable: [{ path: 'a/b', reason: 'permission denied' }],
  unreadableCount: 7,
};

export const PACK: PackRef = {
  packId: packIdFromBytes(patternBytes(16, 5)),
  salt: patternBytes(32, 6),
  kind: 'meta',
  code: { name: 'reed-solomon', m: 3, k: 2 },
  shardBytes: 4096,
  bundles: [5000, 6000],
};

export const INDEX_PART: IndexPart = {
  packs: [
    {
      ...PACK,
      chunks: [
        { id: chunkIdFromBytes(patternBytes(32, 7)), bundle: 0, offset: 0, length: 100 },
        { id: chunkIdFromBytes(patternBytes(32, 8)), bundle: 1, offset: 100, length: 65_536 },
      ],
    },
  ],
  removedPacks: [packIdFromBytes(patternBytes(16, 9))],
  snapshots: [SNAPSHOT, { ...SNAPSHOT, id: snapshotIdFromBytes(patternBytes(16, 10)), parent: undefined }],
  forgotten: [snapshotIdFromBytes(patternBytes(16, 11))],
};

export interface SampleDevice {
  readonly signer: Signer;
  readonly certificate: Bytes;
}

export async function sampleDevice(suite: CryptoSuite, keys: AccountKeys, seed = 50): Promise<SampleDevice> {
  const { key, publicKey } = await suite.importSigning(patternBytes(32, seed));
  const signer: Signer = { publicKey, sign: (message) => suite.sign(key, message) };
  const account: Signer = {
    publicKey: new Uint8Array(Buffer.from(keys.account, 'hex')),
    sign: (message) => suite.sign(keys.signing, message),
  };
  const certificate = await issueCertificate(suite, account, {
    devicePublicKey: publicKey,
    label: 'laptop',
    madeAt: NOW - 1000,
    expiresAt: NOW + 10_000_000_000,
  });
  return { signer, certificate };
}

export function sampleHead(keys: AccountKeys, device: SampleDevice, seq = 4): Head {
  return {
    account: keys.account,
    device: deviceIdOfKey(device.signer.publicKey),
    cooperative: cooperativeIdFromBytes(patternBytes(32, 12)),
    roster: { length: 9, head: patternBytes(32, 13) },
    seq,
    prevHash: patternBytes(32, 14),
    index: [PACK, { ...PACK, packId: packIdFromBytes(patternBytes(16, 15)) }],
    partners: [
      {
        device: deviceIdFromBytes(patternBytes(20, 16)),
        account: accountIdFromBytes(patternBytes(32, 17)),
        agreement: agreementIdFromBytes(patternBytes(16, 18)),
      },
    ],
    savedAt: NOW,
    deviceLabel: 'laptop',
  };
}
