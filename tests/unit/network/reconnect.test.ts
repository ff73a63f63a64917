import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { Reconnect } from '../../../src/agent/network/reconnect.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { deviceIdFromBytes } from '../../../src/core/ids.ts';

const SELF = deviceIdFromBytes(new Uint8Array(20).fill(1));
const OTHER = deviceIdFromBytes(new Uint8Array(20).fill(2));
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A device that never answers until `there`, and what is known of it. */
function scene(behaviour: { onConnected?: (state: { connected: boolean }) => void } = {}) {
  const clock = new VirtualClock();
  const there = behaviour.onConnected !== undefined;
  const state = { absent: false, isolated: false, there, connected: false };
  const calls: number[] = [];
  const reconnect = new Reconnect({
    self: SELF,
    clock,
    random: new SeededRandom('reconnect'),
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    isConnected: () => state.connected,
    isAbsent: () => state.absent,
    isIsolated: () => state.isolated,
    connect: () => {
      calls.push(clock.monotonic());
      if (!state.there) return Promise.reject(new RoostError('unreachable', 'nobody'));
      state.connected = true;
      behaviour.onConnected?.(state);
      return Promise.resolve();
    },
  });
  return { clock, state, calls, reconnect };
}

describe('a wanted device', () => {
  it('of which nothing is known is called at once, then with pauses of up to about five minutes', async () => {
    const { clock, calls, reconnect } = scene();
    reconnect.want(new Set([OTHER]));
    await clock.advance(3_000);
    expect(calls).toHaveLength(1);
    await clock.advance(24 * HOUR);
    const pauses = calls.slice(1).map((at, index) => at - calls[index]!);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(7.5 * MINUTE);
    expect(calls.length).toBeGreaterThan((24 * HOUR) / (7.5 * MINUTE));
  });

  it('that is said not to be there is called some times a day all the same', async () => {
    const { clock, state, calls, reconnect } = scene();
    state.absent = true;
    reconnect.want(new Set([OTHER]));
    await clock.advance(48 * HOUR);
    expect(calls.length).toBeGreaterThanOrEqual(8);
    expect(calls.length).toBeLessThanOrEqual(24);
    state.there = true;
    await clock.advance(6 * HOUR);
    expect(state.connected).toBe(true);
  });

  it('is called again when its session ends before the call is known to have succeeded', async () => {
    const { clock, calls, reconnect } = scene({
      onConnected: (state) => {
        state.connected = calls.length >= 3;
        if (!state.connected) reconnect.closed(OTHER);
      },
    });
    reconnect.want(new Set([OTHER]));
    await clock.advance(MINUTE);
    expect(calls).toHaveLength(3);
  });

  it('is called with growing pauses while its sessions end as soon as they are open, and at once after one that lasted', async () => {
    const { clock, state, calls, reconnect } = scene({
      onConnected: () => {
        clock.after(2_000, () => {
          state.connected = false;
          reconnect.closed(OTHER);
        });
      },
    });
    reconnect.want(new Set([OTHER]));
    await clock.advance(24 * HOUR);
    expect(calls.length).toBeLessThan((24 * HOUR) / (2 * MINUTE));
    expect(calls.length).toBeGreaterThan((24 * HOUR) / (8 * MINUTE));
    state.connected = true;
    await clock.advance(2 * HOUR);
    const before = calls.length;
    state.connected = false;
    reconnect.closed(OTHER);
    await clock.advance(1_500);
    expect(calls).toHaveLength(before + 1);
  });

  it('is called at once when it is said to be there again', async () => {
    const { clock, state, calls, reconnect } = scene();
    state.absent = true;
    reconnect.want(new Set([OTHER]));
    await clock.advance(10 * MINUTE);
    expect(calls).toEqual([]);
    state.absent = false;
    state.there = true;
    reconnect.soon(OTHER);
    await clock.advance(3_000);
    expect(state.connected).toBe(true);
  });

  it('is called with the usual pauses when nobody says any more who is there', async () => {
    const { clock, state, calls, reconnect } = scene();
    state.absent = true;
    reconnect.want(new Set([OTHER]));
    await clock.advance(10 * MINUTE);
    state.absent = false;
    reconnect.unsure();
    await clock.advance(HOUR);
    expect(calls.length).toBeGreaterThan(8);
  });

  it('is called once and then seldom by a device without a network, and at once when that is over', async () => {
    const { clock, state, calls, reconnect } = scene();
    state.isolated = true;
    reconnect.want(new Set([OTHER]));
    await clock.advance(25 * MINUTE);
    expect(calls).toHaveLength(1);
    await clock.advance(24 * HOUR);
    expect(calls.length).toBeLessThanOrEqual(50);
    state.isolated = false;
    state.there = true;
    reconnect.unsure();
    await clock.advance(3_000);
    expect(state.connected).toBe(true);
  });

  it('sets no timer once it is connected', async () => {
    const { clock, state, calls, reconnect } = scene();
    state.there = true;
    reconnect.want(new Set([OTHER]));
    await clock.advance(3_000);
    await clock.advance(24 * HOUR);
    expect(calls).toHaveLength(1);
  });
});
