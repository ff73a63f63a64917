import type { DeviceId } from '../../src/core/ids.ts';
import type { Cooperative } from './cooperative.ts';
import type { Fault } from './faults.ts';

/** A crashed program is started again after this. */
const RESTART_MS = 5 * 60_000;

/** Lets one fault happen now. */
export function inject(fault: Fault, cooperative: Cooperative): void {
  const { members, world } = cooperative;
  const { broker, network, clock } = world;
  switch (fault.kind) {
    case 'leave':
      cooperative.replace(fault.slot);
      return;
    case 'lose-data':
      members[fault.slot]?.loseData(fault.awayMs);
      return;
    case 'evict-blobs': {
      const member = members[fault.slot];
      member?.crash(RESTART_MS, () => member.device.disk.evict('blobs'));
      return;
    }
    case 'crash':
      members[fault.slot]?.crash(RESTART_MS);
      return;
    case 'rot':
      members[fault.slot]?.device.disk.rot();
      return;
    case 'full-disk': {
      const disk = members[fault.slot]?.device.disk;
      if (disk === undefined) return;
      const before = disk.capacity;
      disk.capacity = disk.used;
      clock.after(fault.forMs, () => (disk.capacity = before));
      return;
    }
    case 'clock-jump':
      members[fault.slot]?.device.jumpClock(fault.byMs);
      return;
    case 'offline': {
      const device = members[fault.slot]?.device;
      device?.setOffline(true);
      clock.after(fault.forMs, () => device?.setOffline(false));
      return;
    }
    case 'partition': {
      const apart = new Set(fault.slots);
      const devices = (inside: boolean): DeviceId[] =>
        members
          .filter(({ profile }) => apart.has(profile.slot) === inside)
          .flatMap(({ device: { device } }) => (device === undefined ? [] : [device]));
      network.partition(devices(true), devices(false));
      clock.after(fault.forMs, () => network.partition());
      return;
    }
    case 'broker-down':
      cooperative.brokerAway.push({ from: clock.monotonic(), to: clock.monotonic() + fault.forMs });
      broker.down();
      clock.after(fault.forMs, () => broker.up());
      return;
    case 'broker-forget':
      broker.down();
      broker.forget();
      broker.up();
      return;
    case 'broker-hide': {
      // Everybody is shown the first half of the roster only.
      const before = broker.showRoster;
      broker.showRoster = (roster) => roster.slice(0, Math.ceil(roster.length / 2));
      clock.after(fault.forMs, () => (broker.showRoster = before));
      return;
    }
    default:
      fault satisfies never;
  }
}
