import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningBroker } from '../../../signaling/broker.ts';
import type { CooperativeId } from '../../../src/core/ids.ts';
import { parseRendezvousId } from '../../../src/core/ids.ts';
import { admitEntry, appendEntry } from '../../../src/core/roster/build.ts';
import { PAGE_BYTES } from '../../../src/core/wire/broker-limits.ts';
import type { NetworkIdentity } from '../../../src/ports/platform.ts';
import type { Rendezvous } from '../../../src/ports/rendezvous.ts';
import { expectFault, patternBytes } from '../../contracts/expect-fault.ts';
import { Chain, DAY, NOW, person } from '../roster/members.ts';
import type { Person } from '../roster/members.ts';
import { Cleanup, listingOf, newIdentity, rendezvousOf, testBroker, until } from './devices.ts';

const cleanup = new Cleanup();
let now: number;
let broker: RunningBroker;
let ada: Person;
let bo: Person;
let chain: Chain;
let cooperative: CooperativeId;

interface Device {
  readonly identity: NetworkIdentity;
  readonly line: Rendezvous;
}

async function device(): Promise<Device> {
  const identity = await newIdentity();
  return { identity, line: cleanup.add(await rendezvousOf(broker.origin, identity)) };
}

/** Puts what the chain has more than the broker on the broker. */
async function publish(line: Rendezvous): Promise<void> {
  const known = (await line.roster(cooperative, 0)).length;
  for (const [position, entry] of chain.entries.entries()) {
    if (position >= known) expect(await line.appendRoster(cooperative, position, entry)).toBe(true);
  }
}

const listing = (owner: Person, { identity }: Device, fields = {}) =>
  listingOf(owner, identity, cooperative, { madeAt: now, ...fields });

beforeEach(async () => {
  now = NOW;
  broker = cleanup.add(await testBroker({ now: () => now }));
  [ada, bo] = [await person(1), await person(2)];
  chain = await Chain.found(ada);
  ({ cooperative } = chain.roster);
});
afterEach(() => cleanup.run());

describe('the roster', () => {
  it('takes no founding entry under the id of another cooperative', async () => {
    const { line } = await device();
    const other = await Chain.found(bo);
    await expectFault(line.appendRoster(cooperative, 0, other.entries[0]!), 'refused');
    expect(await line.roster(cooperative, 0)).toEqual([]);
  });

  it('takes no entry that was forged', async () => {
    const { line } = await device();
    await publish(line);
    const entry = await appendEntry(
      chain.roster,
      { ...ada, sign: bo.sign },
      { kind: 'rename', at: NOW, name: 'Eve' },
    );
    await expectFault(line.appendRoster(cooperative, 1, entry), 'corrupt');
    await expectFault(line.appendRoster(cooperative, 1, patternBytes(50)), 'malformed');
  });

  it('takes no steward entry of somebody who is none', async () => {
    const { line } = await device();
    await publish(line);
    const entry = await appendEntry(chain.roster, bo, { kind: 'remove', at: NOW, account: ada.account });
    await expectFault(line.appendRoster(cooperative, 1, entry), 'refused');
  });

  it('admits by an invite that is good', async () => {
    const { line } = await device();
    await chain.admit(bo, await chain.invite(ada, 9));
    await publish(line);
    expect((await line.roster(cooperative, 0)).length).toBe(3);
  });

  it('admits nobody by an invite that has expired by its own clock, whatever date the admission bears', async () => {
    const { line } = await device();
    const seed = await chain.invite(ada, 9, { expiresAt: NOW + DAY });
    await publish(line);
    const entry = admitEntry(chain.roster, await chain.admission(bo, seed, NOW + 1));
    now = NOW + 2 * DAY;
    await expectFault(line.appendRoster(cooperative, 2, entry), 'bad-invite');
    now = NOW + DAY / 2;
    expect(await line.appendRoster(cooperative, 2, entry)).toBe(true);
  });

  it('admits nobody by an invite that is used up', async () => {
    const { line } = await device();
    const seed = await chain.invite(ada, 9, { uses: 1 });
    await chain.admit(bo, seed);
    await publish(line);
    const entry = admitEntry(chain.roster, await chain.admission(await person(3), seed));
    await expectFault(line.appendRoster(cooperative, 3, entry), 'bad-invite');
  });

  it('admits nobody by an invite that was revoked', async () => {
    const { line } = await device();
    const seed = await chain.invite(ada, 9);
    const { publicKey } = [...chain.roster.invites.values()][0]!;
    await chain.append(ada, { kind: 'revoke', at: NOW, publicKey });
    await publish(line);
    const entry = admitEntry(chain.roster, await chain.admission(bo, seed));
    await expectFault(line.appendRoster(cooperative, 3, entry), 'bad-invite');
  });

  it('lets exactly one of many racing appends win each position', async () => {
    const { line } = await device();
    const seed = await chain.invite(ada, 9, { uses: 100 });
    await publish(line);
    const people = await Promise.all(Array.from({ length: 8 }, (_, i) => person(20 + i)));
    const lines = await Promise.all(people.map(async () => (await device()).line));
    await Promise.all(
      people.map(async (joining, i) => {
        const mine = lines[i]!;
        for (let tries = 0; tries < 50; tries++) {
          const view = await Chain.found(ada);
          for (const entry of (await mine.roster(cooperative, 0)).slice(1)) await view.take(entry);
          const entry = admitEntry(view.roster, await view.admission(joining, seed));
          if (await mine.appendRoster(cooperative, view.roster.length, entry)) return;
        }
        throw new Error('expected every append to win in the end');
      }),
    );
    const final = await line.roster(cooperative, 0);
    expect(final).toHaveLength(2 + 8);
    const replayed = await Chain.found(ada);
    for (const entry of final.slice(1)) await replayed.take(entry);
    expect(replayed.roster.members.size).toBe(9);
  });

  it('gives a roster of many pages whole', async () => {
    const limits = { requests: { burst: 5000, perSecond: 0 } };
    broker = cleanup.add(await testBroker({ now: () => now, limits }));
    // Signing takes seconds in which no line is served: before there is one.
    for (let days = 1; days <= 1000; days++) {
      await chain.append(ada, { kind: 'policy', at: NOW, policy: { graceDays: days, commitmentDays: 0 } });
    }
    const { line } = await device();
    const bytes = chain.entries.reduce((sum, entry) => sum + entry.length, 0);
    expect(bytes).toBeGreaterThan(PAGE_BYTES);
    await publish(line);
    expect(await line.roster(cooperative, 0)).toEqual(chain.entries);
    expect((await (await device()).line.roster(cooperative, 990)).length).toBe(11);
  });

  it('lets one device found no more cooperatives than the rate allows', async () => {
    const strict = cleanup.add(await testBroker({ limits: { foundings: { burst: 2, perSecond: 0 } } }));
    const line = cleanup.add(await rendezvousOf(strict.origin, await newIdentity()));
    for (const [i, seed] of [31, 32, 33].entries()) {
      const founded = await Chain.found(await person(seed));
      const append = line.appendRoster(founded.roster.cooperative, 0, founded.entries[0]!);
      if (i < 2) expect(await append).toBe(true);
      else await expectFault(append, 'refused');
    }
  });
});

describe('the directory', () => {
  it('lists no device before its cooperative has a roster here', async () => {
    const laptop = await device();
    await expectFault(laptop.line.announce(await listing(ada, laptop)), 'not-found');
  });

  it('lists no device of an account that is not on the roster', async () => {
    const laptop = await device();
    await publish(laptop.line);
    await expectFault(laptop.line.announce(await listing(bo, laptop)), 'refused');
  });

  it('lists no device under the certificate of another', async () => {
    const [laptop, phone] = [await device(), await device()];
    await publish(laptop.line);
    await expectFault(phone.line.announce(await listing(ada, laptop)), 'refused');
  });

  it('lists no device whose certificate has expired or was changed', async () => {
    const laptop = await device();
    await publish(laptop.line);
    const good = await listing(ada, laptop);
    await expectFault(laptop.line.announce(await listing(ada, laptop, { madeAt: NOW - 9 * DAY })), 'refused');
    const certificate = good.certificate.slice();
    certificate[certificate.length - 1]! ^= 1;
    await expectFault(laptop.line.announce({ ...good, certificate }), 'corrupt');
  });

  it('is for members only', async () => {
    const [laptop, stranger] = [await device(), await device()];
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    const id = parseRendezvousId('a'.repeat(64));
    await expectFault(stranger.line.directory(cooperative), 'refused');
    await expectFault(stranger.line.announceHoldings(cooperative, [id]), 'refused');
    await expectFault(stranger.line.leaveHead(id, cooperative, patternBytes(10)), 'refused');
    expect(await stranger.line.lookup(id)).toEqual([]);
  });

  it('forgets a member that was removed, and tells it nothing more', async () => {
    const [laptop, phone] = [await device(), await device()];
    await chain.admit(bo, await chain.invite(ada, 9));
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    await phone.line.announce(await listing(bo, phone));
    expect(await phone.line.directory(cooperative)).toHaveLength(2);
    let pushes = 0;
    phone.line.onDirectory(() => pushes++);
    await chain.append(ada, { kind: 'remove', at: NOW, account: bo.account });
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop, { free: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(pushes).toBe(0);
    await expectFault(phone.line.directory(cooperative), 'refused');
    expect(await laptop.line.directory(cooperative)).toHaveLength(1);
  });

  it('tells that devices of one network are near, and no address', async () => {
    const [laptop, phone] = [await device(), await device()];
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    await phone.line.announce(await listing(ada, phone));
    const [one, two] = await laptop.line.directory(cooperative);
    expect(one?.neighbourhood).toMatch(/^[0-9a-f]{16}$/);
    expect(two?.neighbourhood).toBe(one?.neighbourhood);
  });

  it('rates a device by the share of time that it was there', async () => {
    const [laptop, phone] = [await device(), await device()];
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    await phone.line.announce(await listing(ada, phone));
    now += 6 * 3_600_000;
    await phone.line.close();
    await until(async () => (await laptop.line.directory(cooperative)).some((entry) => !entry.online));
    now += 6 * 3_600_000;
    const entries = await laptop.line.directory(cooperative);
    const of = (d: Device) => entries.find((entry) => entry.device === d.identity.device);
    expect(of(laptop)).toMatchObject({ online: true, reliability: 1, seenAt: now });
    expect(of(phone)).toMatchObject({ online: false, seenAt: NOW + 6 * 3_600_000 });
    expect(of(phone)?.reliability).toBeCloseTo(0.5, 3);
  });

  it('gives a directory of many pages whole', async () => {
    const laptop = await device();
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    for (let i = 0; i < 110; i++) {
      const other = await device();
      await other.line.announce(await listing(ada, other));
      await other.line.close();
    }
    expect(await laptop.line.directory(cooperative)).toHaveLength(111);
  });
});

describe('the mailbox', () => {
  it('keeps as many heads of one device and of one id as its bounds allow', async () => {
    const laptop = await device();
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    const head = patternBytes(65_536);
    for (let i = 0; i < 8; i++) {
      await laptop.line.leaveHead(parseRendezvousId(`${i}`.repeat(64)), cooperative, head);
    }
    await expectFault(laptop.line.leaveHead(parseRendezvousId('8'.repeat(64)), cooperative, head), 'full');
    await laptop.line.leaveHead(parseRendezvousId('0'.repeat(64)), cooperative, head);
    for (let i = 0; i < 31; i++) {
      const other = await device();
      await other.line.announce(await listing(ada, other));
      await other.line.leaveHead(parseRendezvousId('0'.repeat(64)), cooperative, head);
    }
    const late = await device();
    await late.line.announce(await listing(ada, late));
    await expectFault(late.line.leaveHead(parseRendezvousId('0'.repeat(64)), cooperative, head), 'full');
    expect(await late.line.takeHeads(parseRendezvousId('0'.repeat(64)))).toHaveLength(32);
  });
});

describe('relays', () => {
  const iceServers = [
    { urls: ['stun:stun.example'] },
    { urls: ['turn:turn.example'], secret: 'shared with coturn', ttlSeconds: 600 },
  ];

  it('are for members only, with credentials that coturn accepts for a while', async () => {
    broker = cleanup.add(await testBroker({ now: () => now, iceServers }));
    const [laptop, stranger] = [await device(), await device()];
    await publish(laptop.line);
    await laptop.line.announce(await listing(ada, laptop));
    expect(await stranger.line.iceServers()).toEqual([{ urls: ['stun:stun.example'] }]);
    const [stun, turn] = await laptop.line.iceServers();
    expect(stun).toEqual({ urls: ['stun:stun.example'] });
    expect(turn?.username).toMatch(new RegExp(`^${NOW / 1000 + 600}:[0-9a-f]{16}$`));
    const { createHmac } = await import('node:crypto');
    const expected = createHmac('sha1', 'shared with coturn')
      .update(turn?.username ?? '')
      .digest('base64');
    expect(turn?.credential).toBe(expected);
  });
});
