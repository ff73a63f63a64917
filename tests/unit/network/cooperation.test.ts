import { afterEach, describe, expect, it } from 'vitest';
import { proposeAgreement } from '../../../src/core/agreement/agreement.ts';
import { GIB, MIB } from '../../../src/core/limits.ts';
import { priorOdds } from '../../../src/core/placement/priors.ts';
import { appendEntry } from '../../../src/core/roster/build.ts';
import { sealHead } from '../../../src/core/snapshot/head.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { expectBytes, expectFault } from '../../contracts/expect-fault.ts';
import { segmentsOf, shard } from '../host/store-harness.ts';
import type { Party } from './network-harness.ts';
import { Scene } from './network-harness.ts';

let scene: Scene;
const play = (seed: string): Scene => (scene = new Scene(seed));
afterEach(() => scene.close());

const connectedTo = (party: Party) =>
  party.open
    .connected()
    .map(({ peer }) => peer.device)
    .sort();

async function headOf(party: Party, seq: number): Promise<Bytes> {
  const { identity, machine, open } = party;
  const { roster } = open;
  return sealHead(machine.platform.crypto, identity.keys, identity.signer, identity.certificate, {
    account: identity.keys.account,
    device: party.device,
    cooperative: roster.cooperative,
    roster: { length: roster.length, head: roster.head },
    seq,
    prevHash: new Uint8Array(32),
    index: [],
    partners: [],
    savedAt: machine.platform.clock.now(),
    deviceLabel: 'test',
  });
}

describe('partners', () => {
  it('are found in the directory, agree once, and hold for each other', async () => {
    play('agree');
    const [a, ...others] = await scene.parties(5);
    const partners = await scene.run(a!.open.ensurePartners(10 * MIB));
    expect(partners.map(({ device }) => device).sort()).toEqual(others.map(({ device }) => device).sort());
    for (const { agreement, state, online } of partners) {
      expect(agreement.accepter.gives).toBe(256 * MIB);
      expect(agreement.proposer.gives).toBe(256 * MIB);
      expect({ state, online }).toEqual({ state: 'active', online: true });
    }
    // What is expected of them goes by how they store, from the first hour on.
    for (const { odds } of partners) expect(odds).toEqual(priorOdds('appliance'));
    const again = await scene.run(a!.open.ensurePartners(10 * MIB));
    expect(again.map(({ agreement }) => agreement.id).sort()).toEqual(
      partners.map(({ agreement }) => agreement.id).sort(),
    );
    const one = shard(1, 300_000);
    const remote = await scene.run(a!.open.session(partners[0]!.device));
    await scene.run(remote.put(partners[0]!.agreement.id, one.row, one.sealed));
    const segments = await scene.run(remote.get(partners[0]!.agreement.id, 1, 0, one.row.segments));
    expectBytes(segments[2], segmentsOf(one.sealed)[2]!);
    const holder = others.find(({ device }) => device === partners[0]!.device)!;
    expect(holder.host.held).toBe(300_000);
    expect(holder.host.heldFor(a!.identity.keys.account)).toBe(300_000);
    expect(holder.host.promised).toBe(256 * MIB);
  });

  it('get a greater agreement when one is too small; what is held under the old one stays theirs', async () => {
    play('epochs');
    const [a, b] = await scene.parties(2);
    const [first] = await scene.run(a!.open.ensurePartners(MIB));
    const remote = await scene.run(a!.open.session(b!.device));
    const one = shard(1, 200_000);
    await scene.run(remote.put(first!.agreement.id, one.row, one.sealed));
    const [second] = await scene.run(a!.open.ensurePartners(300 * MIB));
    expect(second!.agreement.epoch).toBe(first!.agreement.epoch + 1);
    expect(second!.agreement.accepter.gives).toBe(1024 * MIB);
    expect(b!.host.promised).toBe(1024 * MIB);
    expect(a!.open.partners()).toHaveLength(1);
    expect(await scene.run(remote.ledger(first!.agreement.id, -1))).toEqual([one.row]);
    await scene.run(remote.release(first!.agreement.id, [1]));
    expect(b!.host.held).toBe(0);
  });

  it('that have little room are asked for less, and left out when they have too little', async () => {
    play('room');
    const a = await scene.party('a');
    const b = await scene.party('b', { offer: 100 * MIB });
    const c = await scene.party('c', { offer: 10 * MIB });
    await scene.pass(2000);
    const partners = await scene.run(a.open.ensurePartners(50 * MIB));
    expect(partners.map(({ device }) => device)).toEqual([b.device]);
    const { agreement } = partners[0]!;
    expect(agreement.accepter.gives).toBeGreaterThanOrEqual(50 * MIB);
    expect(agreement.accepter.gives).toBeLessThanOrEqual(100 * MIB);
    expect(c.host.promised).toBe(0);
    expect(await scene.run(a.open.ensurePartners(200 * MIB))).toEqual([]);
  });
});

describe('a partner of one device', () => {
  it('gives back as much as it gets, or what is left of its offer', async () => {
    play('reciprocal');
    const a = await scene.party('a', { offer: 300 * MIB });
    await scene.party('b');
    await scene.party('c');
    await scene.pass(2000);
    const partners = await scene.run(a.open.ensurePartners(MIB));
    const given = partners.map(({ agreement }) => agreement.proposer.gives).sort((x, y) => x - y);
    expect(given).toEqual([44 * MIB, 256 * MIB]);
    expect(a.host.promised).toBe(300 * MIB);
  });

  it('serves nothing of one account to another', async () => {
    play('authority');
    const [owner, holder, thief] = await scene.parties(3);
    const partners = await scene.run(owner!.open.ensurePartners(MIB));
    const { agreement } = partners.find(({ device }) => device === holder!.device)!;
    const one = shard(1, 100_000);
    const mine = await scene.run(owner!.open.session(holder!.device));
    await scene.run(mine.put(agreement.id, one.row, one.sealed));
    const stolen = await scene.run(thief!.open.session(holder!.device));
    const { rendezvous } = owner!.identity.keys;
    const head = await headOf(owner!, 1);
    await scene.run(mine.putHead(rendezvous, head));
    await expectFault(scene.run(stolen.get(agreement.id, 1, 0, 1)), 'refused');
    await expectFault(
      scene.run(stolen.put(agreement.id, shard(2, 5000).row, shard(2, 5000).sealed)),
      'refused',
    );
    await expectFault(scene.run(stolen.release(agreement.id, [1])), 'refused');
    await expectFault(scene.run(stolen.ledger(agreement.id, -1)), 'refused');
    await expectFault(scene.run(stolen.ledgerDigest(agreement.id)), 'refused');
    await expectFault(scene.run(stolen.putHead(rendezvous, await headOf(owner!, 2))), 'refused');
    await expectFault(scene.run(stolen.putHead(rendezvous, await headOf(thief!, 2))), 'refused');
    expect(await scene.run(stolen.heads(rendezvous))).toEqual([]);
    expect(await scene.run(stolen.agreements())).toEqual([]);
    // Nor does the holder, though it is a side of the agreement, own what lies at the owner.
    const back = await scene.run(holder!.open.session(owner!.device));
    await expectFault(scene.run(back.get(agreement.id, 1, 0, 1)), 'not-found');
    expect(await scene.run(mine.ledger(agreement.id, -1))).toEqual([one.row]);
    expect(await scene.run(mine.heads(rendezvous))).toEqual([head]);
  });

  it('keeps the newest head of a device, and refuses an older or another of the same number', async () => {
    play('heads');
    const [owner, holder] = await scene.parties(2);
    const remote = await scene.run(owner!.open.session(holder!.device));
    const { rendezvous } = owner!.identity.keys;
    const second = await headOf(owner!, 2);
    await scene.run(remote.putHead(rendezvous, second));
    await scene.run(remote.putHead(rendezvous, second));
    await scene.pass(1000);
    await expectFault(scene.run(remote.putHead(rendezvous, await headOf(owner!, 1))), 'refused');
    await expectFault(scene.run(remote.putHead(rendezvous, await headOf(owner!, 2))), 'refused');
    const third = await headOf(owner!, 3);
    await scene.run(remote.putHead(rendezvous, third));
    expect(await scene.run(remote.heads(rendezvous))).toEqual([third]);
    await scene.pass(2000);
    expect((await scene.run(owner!.open.lookupHolders(rendezvous))).map(({ device }) => device)).toEqual([
      holder!.device,
    ]);
    const again = await scene.restart(holder!);
    const fresh = await scene.run(owner!.open.session(again.device));
    expect(await scene.run(fresh.heads(rendezvous))).toEqual([third]);
  });

  it('gives everything to another device of the same account, which adopts the agreement', async () => {
    play('adopt');
    const [owner, holder] = await scene.parties(2);
    await scene.run(owner!.open.ensurePartners(MIB));
    const { agreement } = owner!.open.partners()[0]!;
    const one = shard(1, 100_000);
    const remote = await scene.run(owner!.open.session(holder!.device));
    await scene.run(remote.put(agreement.id, one.row, one.sealed));
    owner!.machine.crash();
    const fresh = await scene.party('laptop', { account: 'p0' });
    const session = await scene.run(fresh.open.session(holder!.device));
    const [encoded] = await scene.run(session.agreements());
    const partner = await scene.run(fresh.open.adopt(encoded!, holder!.device));
    expect(partner).toMatchObject({ device: holder!.device, adopted: true, online: true });
    expect(partner.agreement.id).toBe(agreement.id);
    expect(await scene.run(session.ledger(agreement.id, -1))).toEqual([one.row]);
    const two = shard(2, 5000);
    await scene.run(session.put(agreement.id, two.row, two.sealed));
    const [own] = await scene.run(fresh.open.ensurePartners(MIB));
    expect(own).toMatchObject({ device: holder!.device, adopted: false });
    expect(fresh.open.partners()).toHaveLength(2);
    await expectFault(scene.run(fresh.open.adopt(encoded!, fresh.device)), 'refused');
    fresh.machine.crash();
    const again = await scene.restart(fresh, { account: 'p0' });
    expect(again.open.partners().map(({ adopted }) => adopted)).toEqual([false, true]);
    await scene.until(() => again.open.connected().length === 1);
  });

  it('knows its agreements after a crash on either side', async () => {
    play('restart');
    const [a, b] = await scene.parties(2);
    const [partner] = await scene.run(a!.open.ensurePartners(MIB));
    const again = await scene.restart(a!);
    expect(again.open.partners().map(({ agreement }) => agreement.id)).toEqual([partner!.agreement.id]);
    const other = await scene.restart(b!);
    await scene.until(() => connectedTo(again).length === 1 && connectedTo(other).length === 1);
    expect(other.open.partners().map(({ agreement }) => agreement.id)).toEqual([partner!.agreement.id]);
    expect(await scene.run(again.open.ensurePartners(MIB))).toMatchObject([{ agreement: { epoch: 1 } }]);
  });

  it('that lost all it knew is shown as evicted, and a new agreement with it makes it active', async () => {
    play('evicted');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    b!.machine.crash();
    b!.machine.disk.tables.clear();
    // Partners in good standing are asked which agreements they know once a fortnight.
    await scene.pass(15 * 24 * 3_600_000);
    const again = await scene.restart(b!);
    await scene.until(() => a!.open.partners()[0]!.state === 'evicted');
    expect(a!.open.partners()[0]!.reason).toMatch(/^evicted:\d+$/);
    const [fresh] = await scene.run(a!.open.ensurePartners(MIB));
    expect(fresh).toMatchObject({ state: 'active', agreement: { epoch: 2 } });
    expect(again.open.partners()).toHaveLength(1);
  });

  it('becomes suspect by silence that was observed, says since when, and active when it is back', async () => {
    play('suspect');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    b!.machine.crash();
    await scene.until(() => connectedTo(a!).length === 0);
    await scene.pass(1000);
    expect(a!.open.partners()[0]).toMatchObject({ state: 'active', online: false });
    let told = 0;
    a!.open.onChange(() => told++);
    a!.open.judge(b!.device, { kind: 'time', observedMs: 3_700_000, reached: false });
    await scene.pass(1000);
    expect(a!.open.partners()[0]!.state).toBe('suspect');
    expect(a!.open.partners()[0]!.reason).toMatch(/^silent:\d+$/);
    expect(told).toBeGreaterThan(0);
    a!.open.judge(b!.device, { kind: 'contact', owes: false });
    expect(a!.open.partners()[0]!.state).toBe('active');
  });

  it('that is put under a proposal for another device, account or policy refuses it', async () => {
    play('proposals');
    const [a, b, c] = await scene.parties(3);
    await scene.run(a!.open.ensurePartners(MIB));
    const entry = a!.open.partners().find(({ device }) => device === b!.device)!;
    const toC = await scene.run(a!.open.session(c!.device));
    const toB = await scene.run(a!.open.session(b!.device));
    const { crypto } = a!.machine.platform;
    const propose = (change: object) =>
      proposeAgreement(crypto, a!.identity.signer, { ...entry.agreement, epoch: 9, ...change });
    await expectFault(scene.run(toC.propose(await propose({}))), 'refused');
    await expectFault(scene.run(toB.propose(await propose({ epoch: 1 }))), 'refused');
    await expectFault(scene.run(toB.propose(await propose({ graceDays: 1 }))), 'refused');
    // 10 GiB are offered: less than a quarter of this.
    const greedy = { ...entry.agreement.accepter, gives: 50 * GIB };
    const full = await expectFault(scene.run(toB.propose(await propose({ accepter: greedy }))), 'full');
    expect(full.message).toContain(String(10 * GIB));
    const impostor = { ...entry.agreement.proposer, account: c!.identity.keys.account };
    await expectFault(scene.run(toB.propose(await propose({ proposer: impostor }))), 'refused');
    await scene.run(toB.propose(await propose({})));
  });

  it('agrees with one that proposes at the same moment, and both go by the same agreement', async () => {
    play('crossing');
    const parties = await scene.parties(6);
    scene.world.network.speed = { latencyMs: 20, bytesPerSecond: Infinity };
    const all = await scene.run(Promise.all(parties.map(({ open }) => open.ensurePartners(MIB))));
    for (const partners of all) expect(partners).toHaveLength(5);
    await scene.pass(20_000);
    for (const party of parties) {
      expect(party.open.partners()).toHaveLength(5);
      for (const { device, agreement } of party.open.partners()) {
        const other = parties.find((one) => one.device === device)!;
        const seen = other.open.partners().find((partner) => partner.device === party.device)!;
        expect(seen.agreement.id).toBe(agreement.id);
      }
    }
    expect(scene.world.network.channels).toBe((6 * 5) / 2);
  });

  it('finds rot in what it holds by itself, and says so in its ledger', async () => {
    play('scrub');
    const [owner, holder] = await scene.parties(2);
    const [partner] = await scene.run(owner!.open.ensurePartners(MIB));
    const remote = await scene.run(owner!.open.session(holder!.device));
    const one = shard(1, 100_000);
    await scene.run(remote.put(partner!.agreement.id, one.row, one.sealed));
    holder!.machine.disk.rot();
    await scene.pass(700_000);
    expect(await scene.run(remote.ledger(partner!.agreement.id, -1))).toEqual([]);
    await expectFault(scene.run(remote.get(partner!.agreement.id, 1, 0, 1)), 'corrupt');
    await scene.run(remote.put(partner!.agreement.id, one.row, one.sealed));
    expect(await scene.run(remote.ledger(partner!.agreement.id, -1))).toEqual([one.row]);
  });

  it('never is another device of the same account', async () => {
    play('own');
    const [a] = await scene.parties(1);
    const second = await scene.party('second', { account: 'p0' });
    await scene.pass(2000);
    expect(await scene.run(a!.open.ensurePartners(MIB))).toEqual([]);
    expect(await scene.run(second.open.ensurePartners(MIB))).toEqual([]);
  });
});

describe('sessions', () => {
  it('are one for two devices that call each other at once', async () => {
    play('simultaneous');
    const [a, b] = await scene.parties(2);
    scene.world.network.speed = { latencyMs: 40, bytesPerSecond: Infinity };
    const [fromA, fromB] = await scene.run(
      Promise.all([a!.open.session(b!.device), b!.open.session(a!.device)]),
    );
    await scene.run(fromA.agreements());
    await scene.run(fromB.agreements());
    await scene.pass(30_000);
    expect(connectedTo(a!)).toEqual([b!.device]);
    expect(connectedTo(b!)).toEqual([a!.device]);
    expect(scene.world.network.channels).toBe(1);
    await scene.run(a!.open.connected()[0]!.agreements());
    await scene.run(b!.open.connected()[0]!.agreements());
  });

  it('come back by themselves after the network failed and after a crash', async () => {
    play('reconnect');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    scene.world.network.disconnect(a!.device, b!.device);
    await scene.until(() => connectedTo(a!).length === 0);
    await scene.until(() => connectedTo(a!).length === 1 && connectedTo(b!).length === 1);
    const again = await scene.restart(b!);
    await scene.until(() => connectedTo(a!).length === 1 && connectedTo(again).length === 1);
    await scene.run(a!.open.connected()[0]!.agreements());
  });

  it('to partners stay, and calls to them go on, while the broker is down; calls through it fail and recover', async () => {
    play('broker');
    const [a, b, c] = await scene.parties(3);
    await scene.run(a!.open.ensurePartners(MIB));
    scene.world.broker.down();
    await scene.pass(60_000);
    expect(connectedTo(a!)).toEqual([b!.device, c!.device].sort());
    const partners = await scene.run(a!.open.ensurePartners(300 * MIB));
    expect(partners).toHaveLength(2);
    await expectFault(scene.run(a!.open.lookupHolders(a!.identity.keys.rendezvous)), 'unreachable');
    await expectFault(scene.run(b!.open.session(c!.device)), 'unreachable');
    const again = await scene.restart(b!);
    expect(again.open.partners()).toHaveLength(1);
    expect(connectedTo(again)).toEqual([]);
    scene.world.broker.up();
    await scene.until(() => connectedTo(again).includes(a!.device), 600_000);
    await scene.run(again.open.session(c!.device));
  });

  it('end with a member who is removed, and it gets no new one', async () => {
    play('removed');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.session(b!.device));
    const { account } = b!.identity.keys;
    const removal = await appendEntry(a!.open.roster, a!.identity.accountSigner, {
      kind: 'remove',
      at: scene.world.clock.now(),
      account,
    });
    expect(
      await scene.run(a!.rendezvous.appendRoster(scene.cooperative, a!.open.roster.length, removal)),
    ).toBe(true);
    await scene.until(() => !a!.open.roster.members.has(account));
    await scene.until(() => connectedTo(a!).length === 0);
    await expectFault(scene.run(b!.open.session(a!.device)), 'refused');
  });
});

describe('the roster', () => {
  it('reaches a member whom the broker keeps in the dark, through one honest partner', async () => {
    play('gossip');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.session(b!.device));
    const shown = a!.open.roster.length;
    scene.world.broker.showRoster = (roster, _cooperative, to) =>
      to === a!.device ? roster.slice(0, shown) : roster;
    const c = await scene.party('c');
    await scene.pass(2000);
    expect(b!.open.roster.members.has(c.identity.keys.account)).toBe(true);
    expect(a!.open.roster.length).toBe(shown);
    await scene.run(a!.open.syncRoster());
    expect(a!.open.roster.members.has(c.identity.keys.account)).toBe(true);
  });

  it('is given back to a broker that lost it', async () => {
    play('forgetful');
    const [a, b] = await scene.parties(2);
    const { length } = a!.open.roster;
    scene.world.broker.down();
    scene.world.broker.forget();
    await scene.pass(1000);
    scene.world.broker.up();
    await scene.until(() => scene.world.broker.rosterOf(scene.cooperative).length === length);
    const c = await scene.party('c');
    await scene.until(() => b!.open.roster.members.has(c.identity.keys.account));
  });

  it('is read before partners are looked for: who joined while the device was off is asked at once', async () => {
    play('joined-meanwhile');
    const [a] = await scene.parties(1);
    a!.machine.restart();
    const b = await scene.party('b');
    const again = await scene.party('p0', { start: false });
    expect(again.open.roster.members.has(b.identity.keys.account)).toBe(false);
    const found = await scene.run(again.open.ensurePartners(1000));
    expect(found.map(({ device }) => device)).toEqual([b.device]);
  });

  it('is kept on the device: it starts while the broker is away', async () => {
    play('offline-start');
    const [a, b] = await scene.parties(2);
    scene.world.broker.down();
    const again = await scene.restart(a!);
    expect(again.open.roster.members.has(b!.identity.keys.account)).toBe(true);
  });

  it('of two branches is the same for all, whoever tells of it', async () => {
    play('fork');
    const [a, b, c] = await scene.parties(3);
    const before = scene.world.broker.rosterOf(scene.cooperative).slice();
    const policy = await appendEntry(a!.open.roster, a!.identity.accountSigner, {
      kind: 'policy',
      at: scene.world.clock.now(),
      policy: { graceDays: 7, commitmentDays: 0 },
    });
    // The broker shows the steward's entry to `a` alone; meanwhile somebody joins on the other branch.
    scene.world.broker.showRoster = (roster, _cooperative, to) =>
      to === a!.device ? [...before, policy] : roster;
    await scene.run(a!.open.syncRoster());
    expect(a!.open.roster.policy.graceDays).toBe(7);
    await scene.party('d');
    await scene.pass(2000);
    expect(b!.open.roster.length).toBe(before.length + 1);
    const [fromC] = await scene.run(Promise.all([c!.open.session(b!.device), b!.open.session(a!.device)]));
    expect(fromC.peer.device).toBe(b!.device);
    // While the broker answers, partners are asked now and then.
    await scene.pass(14 * 3_600_000);
    await scene.until(() => b!.open.roster.policy.graceDays === 7);
    await scene.run(c!.open.syncRoster());
    for (const party of [a!, b!, c!]) expect(party.open.roster.head).toEqual(a!.open.roster.head);
  });

  it('lets members in again who came in on a branch that was given up', async () => {
    play('readmitted');
    const [a] = await scene.parties(1);
    const before = scene.world.broker.rosterOf(scene.cooperative).slice();
    const d = await scene.party('d', { start: false });
    await scene.until(() => a!.open.roster.members.has(d.identity.keys.account));
    const policy = await appendEntry(
      { length: before.length, head: await a!.machine.platform.crypto.sha256(before.at(-1)!) },
      a!.identity.accountSigner,
      { kind: 'policy', at: scene.world.clock.now(), policy: { graceDays: 7, commitmentDays: 0 } },
    );
    const { broker } = scene.world;
    broker.down();
    broker.forget();
    for (const [position, entry] of [...before, policy].entries()) {
      expect(broker.appendRoster(scene.cooperative, position, entry)).toBe(true);
    }
    broker.up();
    await scene.until(() => a!.open.roster.policy.graceDays === 7);
    await scene.until(() => a!.open.roster.members.has(d.identity.keys.account));
    expect(broker.rosterOf(scene.cooperative)).toHaveLength(before.length + 2);
  });

  it('that is forged is not followed', async () => {
    play('forged');
    const [a] = await scene.parties(2);
    const entries = scene.world.broker.rosterOf(scene.cooperative);
    const bad = entries.map((entry) => entry.slice());
    bad[bad.length - 1]![100]! ^= 1;
    scene.world.broker.showRoster = () => bad;
    const before = a!.open.roster;
    await scene.run(a!.open.syncRoster());
    expect(a!.open.roster.head).toEqual(before.head);
  });
});
