import { describe, expect, it } from 'vitest';
import { findCandidates } from '../../../src/agent/network/candidates.ts';
import type { CryptoSuite } from '../../../src/core/crypto/suite.ts';
import { issueCertificate } from '../../../src/core/identity/certificate.ts';
import type { RosterMember } from '../../../src/core/roster/types.ts';
import type { AccountId } from '../../../src/core/ids.ts';
import { deviceIdOfKey } from '../../../src/core/ids.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { DirectoryEntry } from '../../../src/ports/rendezvous.ts';
import type { Person } from '../roster/members.ts';
import { Chain, DAY, NOW, person, suite } from '../roster/members.ts';

/** A suite that counts the signatures it verifies. */
function counting(): { readonly crypto: CryptoSuite; readonly count: { verified: number } } {
  const count = { verified: 0 };
  const crypto: CryptoSuite = {
    ...suite,
    verify: (...given) => {
      count.verified++;
      return suite.verify(...given);
    },
  };
  return { crypto, count };
}

async function listing(owner: Person, id: number): Promise<DirectoryEntry> {
  const { publicKey } = await suite.importSigning(new Uint8Array(32).fill(100 + id));
  const certificate = await issueCertificate(suite, owner, {
    devicePublicKey: publicKey,
    label: `device ${id}`,
    madeAt: NOW,
    expiresAt: NOW + 10 * DAY,
  });
  return {
    cooperative: (await Chain.found(owner)).roster.cooperative,
    device: deviceIdOfKey(publicKey),
    certificate,
    online: true,
    reliability: 1,
    offered: 1,
    free: 1,
    storageClass: 'tab',
    persisted: false,
    family: 'nodejs',
    system: 'linux',
    zone: 0,
    version: '1',
    neighbourhood: `${id}`,
    seenAt: NOW,
  };
}

const damaged = (entry: DirectoryEntry): DirectoryEntry => {
  const certificate: Bytes = entry.certificate.slice();
  certificate[certificate.length - 1]! ^= 1;
  return { ...entry, certificate };
};

describe('the search for candidates', () => {
  it('verifies each certificate once, however often it is repeated, and lets no bad one in', async () => {
    const [self, ...others] = await Promise.all([1, 2, 3, 4].map(person));
    const members = new Map<AccountId, RosterMember>(
      [self!, ...others].map(({ account }) => [
        account,
        { account, name: '', role: 'member', joinedAt: NOW, invitedBy: undefined },
      ]),
    );
    const entries = await Promise.all(others.map((owner, id) => listing(owner, id)));
    const directory = [...entries.slice(0, 2), damaged(entries[2]!)];
    const { crypto, count } = counting();
    const { roster } = await Chain.found(self!);
    const search = (now: number) =>
      findCandidates({
        account: self!.account,
        roster: { ...roster, members },
        crypto,
        now,
        connected: [],
        agreements: [],
        strangers: true,
        mayBeAsked: () => true,
        rank: ({ reliability }) => reliability,
        directory,
        mayBeThere: () => true,
      });
    const wanted = entries.slice(0, 2).map(({ device }) => device);
    for (let round = 0; round < 5; round++) {
      const [first] = await search(NOW + 1);
      expect(first!.map(({ device }) => device).sort()).toEqual([...wanted].sort());
    }
    expect(count.verified).toBe(3);
    expect(await search(NOW + 30 * DAY)).toEqual([]);
    expect((await search(NOW + 1))[0]).toHaveLength(2);
  });
});
