import { describe, expect, it } from 'vitest';
import { findCandidates } from '../../../src/agent/network/candidates.ts';
import type { CryptoSuite } from '../../../src/core/crypto/suite.ts';
import type { BookEntry } from '../../../src/agent/network/agreement-book.ts';
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

  it('takes two of those whom one member let in for each round of others, its partners counted', async () => {
    const [self, partner, inviter, ...others] = await Promise.all(
      Array.from({ length: 10 }, (_, i) => person(i + 1)),
    );
    const guests = others.slice(0, 4);
    const honest = others.slice(4);
    const invitedBy = new Map<AccountId, AccountId | undefined>([
      [self!.account, undefined],
      ...[inviter!, partner!, ...honest].map(({ account }): [AccountId, AccountId] => [
        account,
        self!.account,
      ]),
      ...guests.map(({ account }): [AccountId, AccountId] => [account, inviter!.account]),
    ]);
    const members = new Map(
      [...invitedBy].map(([account, by]): [AccountId, RosterMember] => [
        account,
        { account, name: '', role: 'member', joinedAt: NOW, invitedBy: by },
      ]),
    );
    // Those that one let in look better than all others.
    const directory = await Promise.all(
      [...guests, ...honest].map(async (owner, id) => ({
        ...(await listing(owner, id)),
        reliability: guests.includes(owner) ? 0.9 : 0.2,
      })),
    );
    const { roster } = await Chain.found(self!);
    const accounts = async (partners: readonly Person[]) => {
      const rounds = await findCandidates({
        account: self!.account,
        roster: { ...roster, members },
        crypto: suite,
        now: NOW + 1,
        connected: [],
        agreements: partners.map(
          ({ account }, id) =>
            ({ theirs: { account, device: deviceIdOfKey(new Uint8Array(32).fill(id)) } }) as BookEntry,
        ),
        strangers: true,
        mayBeAsked: () => true,
        rank: ({ reliability }) => reliability,
        directory,
        mayBeThere: (device) => directory.some((entry) => entry.device === device),
      });
      return rounds.map((round) => ({
        guests: round.filter(({ account }) => guests.some((one) => one.account === account)).length,
        honest: round.filter(({ account }) => honest.some((one) => one.account === account)).length,
      }));
    };
    expect(await accounts([])).toEqual([
      { guests: 2, honest: 3 },
      { guests: 2, honest: 0 },
    ]);
    expect(await accounts([partner!])).toEqual([
      { guests: 2, honest: 3 },
      { guests: 2, honest: 0 },
    ]);
    // The inviter itself is of those that may cheat together.
    expect(await accounts([inviter!])).toEqual([
      { guests: 1, honest: 3 },
      { guests: 2, honest: 0 },
      { guests: 1, honest: 0 },
    ]);
  });
});
