import { beforeAll, describe, expect, it } from 'vitest';
import { admitEntry, appendEntry, foundRoster } from '../../../src/core/roster/build.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { chooseRoster, lostAdmissions } from '../../../src/core/roster/fork.ts';
import { applyEntries, replayRoster } from '../../../src/core/roster/roster.ts';
import type { Person } from './members.ts';
import { Chain, DAY, NOW, person, suite } from './members.ts';

let ada: Person, bo: Person, cy: Person, di: Person;
beforeAll(async () => {
  [ada, bo, cy, di] = (await Promise.all([1, 2, 3, 4].map(person))) as [Person, Person, Person, Person];
});

describe('a roster', () => {
  it('adds up the same whether replayed at once or entry by entry', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    await chain.admit(bo, seed);
    await chain.append(ada, { kind: 'role', at: NOW + 2, account: bo.account, role: 'steward' });
    await chain.append(bo, { kind: 'rename', at: NOW + 3, name: 'Bo B.' });
    await chain.append(bo, { kind: 'policy', at: NOW + 4, policy: { graceDays: 21, commitmentDays: 30 } });
    expect(await replayRoster(suite, chain.entries)).toEqual(chain.roster);
    expect(chain.roster.members.get(bo.account)).toEqual({
      account: bo.account,
      name: 'Bo B.',
      role: 'steward',
      joinedAt: NOW + 1,
      invitedBy: ada.account,
    });
    expect(chain.roster).toMatchObject({ name: 'Elm Street', length: 6, policy: { graceDays: 21 } });
  });

  it('takes a batch of entries up to the first bad one, and stays as it was itself', async () => {
    const chain = await Chain.found(ada);
    const before = chain.roster;
    const seed = await chain.invite(ada, 9);
    await chain.admit(bo, seed);
    await chain.append(bo, { kind: 'rename', at: NOW + 3, name: 'Bo B.' });
    const beyond = chain.entries.slice(1);
    const all = await applyEntries(suite, before, beyond);
    expect(all).toEqual({ roster: chain.roster, applied: 3, error: undefined });
    expect(before).toEqual(await replayRoster(suite, chain.entries.slice(0, 1)));
    for (const [bad, entry] of beyond.entries()) {
      for (let at = 0; at < entry.length; at += 7) {
        const changed = beyond.map((each) => each.slice());
        changed[bad]![at]! ^= 1;
        const part = await applyEntries(suite, before, changed);
        expect(part.applied).toBe(bad);
        expect(part.error).toBeInstanceOf(RoostError);
        expect(part.roster).toEqual(await replayRoster(suite, chain.entries.slice(0, 1 + bad)));
      }
    }
  });

  it('costs a member who was away no more for each entry, however many there are', async () => {
    const chain = await Chain.found(ada);
    for (let n = 0; n < 60; n++) {
      const publicKey = new Uint8Array(32).fill(n + 1);
      const invite = { kind: 'invite', at: NOW, publicKey, uses: 1, expiresAt: NOW + DAY } as const;
      await chain.append(ada, invite);
    }
    const { roster } = await Chain.found(ada);
    let copies = 0;
    const members = new Map(roster.members);
    const counting = { ...roster, members };
    Object.defineProperty(members, Symbol.iterator, {
      value: () => {
        copies++;
        return Map.prototype[Symbol.iterator].call(members);
      },
    });
    const { applied } = await applyEntries(suite, counting, chain.entries.slice(1));
    expect(applied).toBe(60);
    expect(copies).toBe(1);
  });

  it('is named by the hash of its founding entry', async () => {
    const entry = await foundRoster(ada, { name: 'A', displayName: 'Ada', at: NOW });
    const { cooperative } = await replayRoster(suite, [entry]);
    expect(cooperative).toBe(Buffer.from(await suite.sha256(entry)).toString('hex'));
  });

  it('refuses an entry with any byte changed', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    const base = chain.copy();
    await chain.admit(bo, seed);
    for (const [index, entry] of chain.entries.entries()) {
      for (let at = 0; at < entry.length; at += 7) {
        const bad = entry.slice();
        bad[at] = (bad[at] ?? 0) ^ 1;
        const entries = [...chain.entries.slice(0, index), bad, ...chain.entries.slice(index + 1)];
        // A founding entry may not change either, even where it stays valid: the rest no longer follows it.
        await expect(replayRoster(suite, entries), `entry ${index} byte ${at}`).rejects.toThrow();
      }
    }
    expect(base.roster.members.size).toBe(1);
  });

  it('refuses entries left out, swapped or repeated', async () => {
    const chain = await Chain.found(ada);
    await chain.append(ada, { kind: 'rename', at: NOW, name: 'A' });
    await chain.append(ada, { kind: 'rename', at: NOW, name: 'B' });
    const [a, b, c] = chain.entries as [
      (typeof chain.entries)[0],
      (typeof chain.entries)[0],
      (typeof chain.entries)[0],
    ];
    for (const entries of [[a, c], [a, c, b], [a, b, b], [b, c], [a, a], []]) {
      await expect(replayRoster(suite, entries)).rejects.toThrow();
    }
  });

  it('lets only stewards invite, revoke, remove others, name stewards and set policy', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    await chain.admit(bo, seed);
    await chain.admit(cy, seed);
    const { publicKey } = await suite.importSigning(seed);
    for (const change of [
      { kind: 'invite', at: NOW, publicKey: bo.publicKey, uses: 1, expiresAt: NOW + DAY },
      { kind: 'revoke', at: NOW, publicKey },
      { kind: 'remove', at: NOW, account: cy.account },
      { kind: 'role', at: NOW, account: bo.account, role: 'steward' },
      { kind: 'policy', at: NOW, policy: { graceDays: 1, commitmentDays: 1 } },
    ] as const) {
      await expect(chain.copy().append(bo, change), change.kind).rejects.toMatchObject({ fault: 'refused' });
      await expect(chain.copy().append(di, change), change.kind).rejects.toMatchObject({ fault: 'refused' });
    }
  });

  it('never loses its last steward', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    await chain.admit(bo, seed);
    const remove = { kind: 'remove', at: NOW, account: ada.account } as const;
    const demote = { kind: 'role', at: NOW, account: ada.account, role: 'member' } as const;
    await expect(chain.copy().append(ada, remove)).rejects.toMatchObject({ fault: 'refused' });
    await expect(chain.copy().append(ada, demote)).rejects.toMatchObject({ fault: 'refused' });
    await chain.append(ada, { kind: 'role', at: NOW, account: bo.account, role: 'steward' });
    await chain.append(bo, remove);
    expect([...chain.roster.members.keys()]).toEqual([bo.account]);
  });

  it('cannot be filled by one member changing its name', async () => {
    const chain = await Chain.found(ada);
    await chain.admit(bo, await chain.invite(ada, 9));
    for (let i = 0; i < 20; i++) await chain.append(bo, { kind: 'rename', at: NOW, name: `Bo ${i}` });
    const again = { kind: 'rename', at: NOW, name: 'Bo again' } as const;
    await expect(chain.copy().append(bo, again)).rejects.toMatchObject({ fault: 'refused' });
    await chain.append(bo, { kind: 'remove', at: NOW, account: bo.account });
    await chain.admit(bo, await chain.invite(ada, 10));
    await expect(chain.copy().append(bo, again)).rejects.toMatchObject({ fault: 'refused' });
  });

  it('keeps its last places for stewards', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    const nearlyFull = { ...chain.roster, length: 19_000 };
    const full = new Chain([], nearlyFull);
    await expect(full.admit(bo, seed)).rejects.toMatchObject({ fault: 'refused' });
    await full.append(ada, { kind: 'policy', at: NOW, policy: { graceDays: 1, commitmentDays: 1 } });
    await expect(new Chain([], { ...chain.roster, length: 20_000 }).invite(ada, 11)).rejects.toThrow(
      RoostError,
    );
  });

  it('lets a member leave by itself', async () => {
    const chain = await Chain.found(ada);
    await chain.admit(bo, await chain.invite(ada, 9));
    await chain.append(bo, { kind: 'remove', at: NOW, account: bo.account });
    expect(chain.roster.members.has(bo.account)).toBe(false);
  });
});

describe('an invite', () => {
  it('lets in as many as it says and no more', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9, { uses: 2 });
    await chain.admit(bo, seed);
    await chain.admit(cy, seed);
    await expect(chain.admit(di, seed)).rejects.toMatchObject({ fault: 'bad-invite' });
  });

  it('ends by the admission’s own time and by the clock of who takes the entry', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9, { expiresAt: NOW + DAY });
    await expect(chain.copy().admit(bo, seed, NOW + DAY + 1)).rejects.toMatchObject({ fault: 'bad-invite' });
    const backdated = chain.copy().admit(bo, seed, NOW + 1, NOW + DAY + 1);
    await expect(backdated).rejects.toMatchObject({ fault: 'bad-invite' });
    await chain.admit(bo, seed, NOW + 1, NOW + 2);
    // Years later the chain still replays.
    expect((await replayRoster(suite, chain.entries)).members.size).toBe(2);
    await expect(replayRoster(suite, chain.entries, NOW + 2 * DAY)).rejects.toMatchObject({
      fault: 'bad-invite',
    });
  });

  it('lets nobody in once it is revoked or its steward is one no more', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    await chain.admit(bo, seed);
    await chain.append(ada, { kind: 'role', at: NOW, account: bo.account, role: 'steward' });
    const other = await chain.invite(bo, 10);
    await chain.append(ada, { kind: 'role', at: NOW, account: bo.account, role: 'member' });
    await expect(chain.copy().admit(cy, other)).rejects.toMatchObject({ fault: 'bad-invite' });
    const { publicKey } = await suite.importSigning(seed);
    await chain.append(ada, { kind: 'revoke', at: NOW, publicKey });
    await expect(chain.admit(cy, seed)).rejects.toMatchObject({ fault: 'bad-invite' });
  });

  it('does not bring a removed member back, by the same admission or a fresh one, but a later invite does', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    const admission = await chain.admission(bo, seed);
    await chain.take(admitEntry(chain.roster, admission));
    await chain.append(ada, { kind: 'remove', at: NOW + 2, account: bo.account });
    const again = chain.copy();
    await expect(again.take(admitEntry(again.roster, admission))).rejects.toMatchObject({
      fault: 'bad-invite',
    });
    await expect(again.admit(bo, seed, NOW + 5)).rejects.toMatchObject({ fault: 'bad-invite' });
    await chain.admit(bo, await chain.invite(ada, 10));
    expect(chain.roster.members.has(bo.account)).toBe(true);
  });

  it('serves only who holds its secret, only for the account that signed, only in its cooperative', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    await expect(chain.copy().admit(bo, new Uint8Array(32).fill(77))).rejects.toMatchObject({
      fault: 'bad-invite',
    });
    const stolen = await chain.admission({ ...cy, account: bo.account, publicKey: bo.publicKey }, seed);
    await expect(chain.copy().take(admitEntry(chain.roster, stolen))).rejects.toMatchObject({
      fault: 'corrupt',
    });
    const other = await Chain.found(bo);
    await other.invite(bo, 9);
    const foreign = await other.admission(cy, seed);
    await expect(chain.copy().take(admitEntry(chain.roster, foreign))).rejects.toMatchObject({
      fault: 'bad-invite',
    });
  });
});

describe('a fork', () => {
  it('is decided alike by every member, whichever branch it saw first', async () => {
    const chain = await Chain.found(ada);
    const [a, b] = [chain.copy(), chain.copy()];
    await a.append(ada, { kind: 'rename', at: NOW, name: 'A' });
    await b.append(ada, { kind: 'rename', at: NOW, name: 'B' });
    expect(chooseRoster(a.roster, b.roster)).toBe(chooseRoster(b.roster, a.roster));
    await b.append(ada, { kind: 'rename', at: NOW, name: 'C' });
    expect(chooseRoster(a.roster, b.roster)).toBe(b.roster);
    expect(chooseRoster(b.roster, a.roster)).toBe(b.roster);
  });

  it('cannot be used by a removed member to undo its removal, however long a chain it writes', async () => {
    const chain = await Chain.found(ada);
    await chain.admit(bo, await chain.invite(ada, 9));
    const rogue = chain.copy();
    await chain.append(ada, { kind: 'remove', at: NOW, account: bo.account });
    for (let i = 0; i < 5; i++) await rogue.append(bo, { kind: 'rename', at: NOW, name: `Bo ${i}` });
    expect(chooseRoster(rogue.roster, chain.roster)).toBe(chain.roster);
  });

  it('loses no admission: those of the other branch can be appended again by anybody', async () => {
    const chain = await Chain.found(ada);
    const seed = await chain.invite(ada, 9);
    const [a, b] = [chain.copy(), chain.copy()];
    await a.admit(bo, seed);
    await a.admit(di, seed);
    await b.admit(cy, seed);
    await b.admit(di, seed);
    await b.append(cy, { kind: 'rename', at: NOW, name: 'Cy' });
    const lost = lostAdmissions(b.roster, b.entries, a.entries);
    expect(lost).toHaveLength(1);
    for (const admission of lost) await b.take(admitEntry(b.roster, admission));
    expect([...b.roster.members.keys()].sort()).toEqual([ada, bo, cy, di].map((p) => p.account).sort());
  });
});

it('refuses names out of bounds', async () => {
  for (const name of ['', ' x', 'x\n', 'x'.repeat(129), '\u202Eevil', '\ud800']) {
    const founding = async (): Promise<unknown> => foundRoster(ada, { name, displayName: 'A', at: NOW });
    await expect(founding()).rejects.toMatchObject({ fault: 'usage' });
  }
  const chain = await Chain.found(ada);
  const renaming = async (): Promise<unknown> =>
    appendEntry(chain.roster, ada, { kind: 'rename', at: NOW, name: '' });
  await expect(renaming()).rejects.toMatchObject({ fault: 'usage' });
});
