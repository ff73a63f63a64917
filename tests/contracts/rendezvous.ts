import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../../src/core/ids.ts';
import { parseRendezvousId } from '../../src/core/ids.ts';
import type { DirectoryEntry, Listing, Rendezvous } from '../../src/ports/rendezvous.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

/** A device with a line to the broker. */
export interface RendezvousDevice {
  readonly device: DeviceId;
  readonly rendezvous: Rendezvous;
  /** what it would announce; its account is a member once `entries` are on the roster */
  readonly listing: Listing;
}

export interface RendezvousHarness {
  readonly cooperative: CooperativeId;
  /** a roster that founds the cooperative and lets the accounts of all devices in; at least two entries */
  readonly entries: readonly Bytes[];
  readonly first: RendezvousDevice;
  readonly second: RendezvousDevice;
  /** Lets pushes and timers happen, on whatever clock this adapter has. */
  settle(): Promise<void>;
  /** The broker goes away, and comes back with what it knew. */
  brokerDown(): Promise<void>;
  brokerUp(): Promise<void>;
  /** Called after both lines were closed. */
  cleanUp?(): Promise<void>;
}

const someId = (digit: string): RendezvousId => parseRendezvousId(digit.repeat(64));

/** What every line to a broker must keep. */
export function rendezvousContract(name: string, make: () => Promise<RendezvousHarness>): void {
  describe(`${name} keeps the rendezvous contract`, () => {
    let harness: RendezvousHarness;
    let first: RendezvousDevice;
    let second: RendezvousDevice;
    beforeEach(async () => {
      harness = await make();
      ({ first, second } = harness);
    });
    afterEach(async () => {
      await first.rendezvous.close();
      await second.rendezvous.close();
      await harness.cleanUp?.();
    });

    /** Waits until something holds, letting time pass. */
    async function until(condition: () => boolean): Promise<void> {
      for (let i = 0; i < 500 && !condition(); i++) await harness.settle();
      expect(condition(), 'the awaited state did not come').toBe(true);
    }
    const online = (device: RendezvousDevice): Promise<void> => until(() => device.rendezvous.status.online);

    async function appendAll(): Promise<void> {
      await online(first);
      for (const [position, entry] of harness.entries.entries()) {
        expect(await first.rendezvous.appendRoster(harness.cooperative, position, entry)).toBe(true);
      }
    }
    async function announceBoth(): Promise<void> {
      await appendAll();
      await first.rendezvous.announce(first.listing);
      await online(second);
      await second.rendezvous.announce(second.listing);
    }
    const devices = (entries: readonly DirectoryEntry[]): DeviceId[] =>
      entries.map(({ device }) => device).sort();

    it('comes online and tells so', async () => {
      await online(first);
      expect(first.rendezvous.status).toEqual({ online: true, reason: undefined });
    });

    it('gives a roster back as it was appended, from any position', async () => {
      const { cooperative, entries } = harness;
      await appendAll();
      await online(second);
      const all = await second.rendezvous.roster(cooperative, 0);
      expect(all.length).toBe(entries.length);
      for (const [position, entry] of entries.entries()) expectBytes(all[position], entry);
      expect((await second.rendezvous.roster(cooperative, 1)).length).toBe(entries.length - 1);
      expect(await second.rendezvous.roster(cooperative, entries.length)).toEqual([]);
    });

    it('has no entries of a cooperative that nobody founded', async () => {
      await online(first);
      expect(await first.rendezvous.roster(harness.cooperative, 0)).toEqual([]);
    });

    it('appends an entry at the end of the roster only', async () => {
      const { cooperative, entries } = harness;
      await online(first);
      const { rendezvous } = first;
      expect(await rendezvous.appendRoster(cooperative, 1, entries[1]!)).toBe(false);
      expect(await rendezvous.appendRoster(cooperative, 0, entries[0]!)).toBe(true);
      expect(await rendezvous.appendRoster(cooperative, 0, entries[0]!)).toBe(false);
      expect((await rendezvous.roster(cooperative, 0)).length).toBe(1);
    });

    it('lets one of two that append at the same position win', async () => {
      const { cooperative, entries } = harness;
      await online(first);
      await online(second);
      const wins = await Promise.all([
        first.rendezvous.appendRoster(cooperative, 0, entries[0]!),
        second.rendezvous.appendRoster(cooperative, 0, entries[0]!),
      ]);
      expect(wins.filter(Boolean)).toHaveLength(1);
      expect((await first.rendezvous.roster(cooperative, 0)).length).toBe(1);
    });

    it('tells who read a roster that it grew', async () => {
      const { cooperative, entries } = harness;
      await online(first);
      await online(second);
      let length = 0;
      second.rendezvous.onRoster((grown, now) => {
        if (grown === cooperative) length = Math.max(length, now);
      });
      await second.rendezvous.roster(cooperative, 0);
      await appendAll();
      await until(() => length === entries.length);
    });

    it('lists the devices that announced themselves, with what they said', async () => {
      await announceBoth();
      const entries = await first.rendezvous.directory(harness.cooperative);
      expect(devices(entries)).toEqual([first.device, second.device].sort());
      const entry = entries.find(({ device }) => device === second.device);
      expect(entry).toMatchObject(second.listing);
      expect(entry?.online).toBe(true);
      expect(entry?.reliability).toBeGreaterThanOrEqual(0);
      expect(entry?.reliability).toBeLessThanOrEqual(1);
    });

    it('puts a new listing in the place of the former', async () => {
      await announceBoth();
      await second.rendezvous.announce({ ...second.listing, free: 1 });
      const entries = await first.rendezvous.directory(harness.cooperative);
      expect(entries).toHaveLength(2);
      expect(entries.find(({ device }) => device === second.device)?.free).toBe(1);
    });

    it('pushes what changes in a directory that was asked for', async () => {
      await announceBoth();
      const seen = new Map<DeviceId, DirectoryEntry>();
      first.rendezvous.onDirectory((cooperative, entries) => {
        expect(cooperative).toBe(harness.cooperative);
        for (const entry of entries) seen.set(entry.device, entry);
      });
      await first.rendezvous.directory(harness.cooperative);
      await second.rendezvous.announce({ ...second.listing, free: 2 });
      await until(() => seen.get(second.device)?.free === 2);
      await second.rendezvous.close();
      await until(() => seen.get(second.device)?.online === false);
    });

    it('stops calling a handler that was taken away', async () => {
      await announceBoth();
      let calls = 0;
      const stop = first.rendezvous.onDirectory(() => calls++);
      await first.rendezvous.directory(harness.cooperative);
      stop();
      await second.rendezvous.announce({ ...second.listing, free: 3 });
      await harness.settle();
      await harness.settle();
      expect(calls).toBe(0);
    });

    it('finds who holds heads for an id, as last announced', async () => {
      const { cooperative } = harness;
      await announceBoth();
      await first.rendezvous.announceHoldings(cooperative, [someId('1'), someId('2')]);
      await second.rendezvous.announceHoldings(cooperative, [someId('2')]);
      expect(await second.rendezvous.lookup(someId('1'))).toEqual([
        { cooperative, device: first.device, online: true },
      ]);
      expect((await second.rendezvous.lookup(someId('2'))).map(({ device }) => device).sort()).toEqual(
        [first.device, second.device].sort(),
      );
      await first.rendezvous.announceHoldings(cooperative, [someId('3')]);
      expect(await second.rendezvous.lookup(someId('1'))).toEqual([]);
      expect(await second.rendezvous.lookup(someId('3'))).toHaveLength(1);
    });

    it('gives back the newest head of each device that left one', async () => {
      const { cooperative } = harness;
      await announceBoth();
      const id = someId('4');
      expect(await first.rendezvous.takeHeads(id)).toEqual([]);
      await first.rendezvous.leaveHead(id, cooperative, patternBytes(100, 1));
      await first.rendezvous.leaveHead(id, cooperative, patternBytes(200, 2));
      await second.rendezvous.leaveHead(id, cooperative, patternBytes(300, 3));
      const heads = [...(await second.rendezvous.takeHeads(id))].sort((a, b) => a.length - b.length);
      expect(heads).toHaveLength(2);
      expectBytes(heads[0], patternBytes(200, 2));
      expectBytes(heads[1], patternBytes(300, 3));
      expect(await second.rendezvous.takeHeads(someId('5'))).toEqual([]);
    });

    it('names the servers that help peers to find each other', async () => {
      await online(first);
      for (const { urls } of await first.rendezvous.iceServers()) expect(urls.length).toBeGreaterThan(0);
    });

    it('rejects calls as unreachable while the broker is away, and says why', async () => {
      await online(first);
      await harness.brokerDown();
      await until(() => !first.rendezvous.status.online);
      expect(first.rendezvous.status.reason).toBeTruthy();
      await expectFault(first.rendezvous.lookup(someId('6')), 'unreachable');
    });

    it('comes back by itself and tells its listing and holdings again', async () => {
      const { cooperative } = harness;
      await announceBoth();
      await first.rendezvous.announceHoldings(cooperative, [someId('7')]);
      const states: boolean[] = [];
      first.rendezvous.onStatus((status) => states.push(status.online));
      await harness.brokerDown();
      await until(() => !first.rendezvous.status.online);
      await harness.brokerUp();
      await online(first);
      await online(second);
      expect(states).toContain(false);
      expect(states.at(-1)).toBe(true);
      const entries = await second.rendezvous.directory(cooperative);
      expect(entries.find(({ device }) => device === first.device)?.online).toBe(true);
      expect(await second.rendezvous.lookup(someId('7'))).toEqual([
        { cooperative, device: first.device, online: true },
      ]);
    });

    it('rejects calls once it is closed', async () => {
      await online(first);
      await first.rendezvous.close();
      await first.rendezvous.close();
      await expectFault(first.rendezvous.lookup(someId('8')), 'unreachable');
      expect(first.rendezvous.status.online).toBe(false);
    });
  });
}
