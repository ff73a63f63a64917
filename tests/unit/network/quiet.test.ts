import { afterEach, describe, expect, it } from 'vitest';
import { MIB } from '../../../src/core/limits.ts';
import { FRESH_STANDING } from '../../../src/core/partnership/state.ts';
import { decodeMessage } from '../../../src/core/wire/messages.ts';
import type { Party } from './network-harness.ts';
import { Scene } from './network-harness.ts';

const HOUR = 3_600_000;

let scene: Scene;
const play = (seed: string): Scene => (scene = new Scene(seed));
afterEach(() => scene.close());

/** Counts the messages that pass from now on. */
function messages(): { count: number } {
  const passed = { count: 0 };
  scene.world.network.onDeliver = () => passed.count++;
  return passed;
}

const isConnected = (a: Party, b: Party): boolean =>
  a.open.connected().some(({ peer }) => peer.device === b.device);

describe('partners with nothing to do', () => {
  it('compare rosters four times a day at most and send nothing else, tell nobody of changes, and stay connected', async () => {
    play('quiet');
    const [a, b, c] = await scene.parties(3);
    await scene.run(a!.open.ensurePartners(MIB));
    await scene.pass(60_000);
    const passed = messages();
    let told = 0;
    for (const { open } of [a!, b!, c!]) open.onChange(() => told++);
    await scene.pass(24 * HOUR);
    // Three parties, each asking one other: request and answer, with flow control.
    expect(passed.count).toBeLessThanOrEqual(3 * 4 * 4);
    expect(told).toBe(0);
    expect(isConnected(a!, b!) && isConnected(a!, c!)).toBe(true);
    expect(a!.open.partners()[0]!.lastSeenAt).toBe(scene.world.clock.now());
  });

  it('compare rosters once when they meet again and again, and anew when ours has changed', async () => {
    play('seldom');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    await scene.pass(60_000);
    const meet = async (): Promise<number> => {
      const passed = messages();
      scene.world.network.disconnect(a!.device, b!.device);
      await scene.until(() => !isConnected(a!, b!));
      await scene.until(() => isConnected(a!, b!) && isConnected(b!, a!));
      await scene.pass(20_000);
      return passed.count;
    };
    const again = await meet();
    expect(await meet()).toBe(again);
    await scene.party('c');
    await scene.pass(20_000);
    // Both ask, and both answer.
    expect(await meet()).toBeGreaterThanOrEqual(again + 4);
    expect(await meet()).toBe(again);
    await scene.pass(13 * HOUR);
    expect(await meet()).toBeLessThanOrEqual(again + 4);
  });
});

describe('a partner that goes and comes', () => {
  it('is connected within seconds of its return, however long it was away', async () => {
    play('return');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    for (const hours of [0, 1, 30]) {
      b!.machine.setOffline(true);
      await scene.until(() => !isConnected(a!, b!));
      await scene.pass(hours * HOUR + 60_000);
      b!.machine.setOffline(false);
      await scene.until(() => isConnected(a!, b!) && isConnected(b!, a!), 10_000);
    }
  });

  it('is called some times a day while the broker says that it is away', async () => {
    play('absent');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    b!.machine.crash();
    await scene.until(() => !isConnected(a!, b!));
    await scene.pass(60_000);
    const { transport } = a!;
    let calls = 0;
    const { connect } = transport;
    transport.connect = (device, options) => {
      calls++;
      return connect.call(transport, device, options);
    };
    await scene.pass(24 * HOUR);
    expect(calls).toBeGreaterThanOrEqual(4);
    expect(calls).toBeLessThanOrEqual(12);
  });

  it('is reached within seven hours although the broker never says that it is back', async () => {
    play('hidden');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    b!.machine.setOffline(true);
    await scene.pass(60_000);
    // From here on `a` hears nothing of the directory any more.
    a!.rendezvous.directory = () => Promise.resolve([]);
    const line = a!.rendezvous as unknown as { directoryChanged: () => void };
    line.directoryChanged = () => undefined;
    const { transport } = b!;
    transport.connect = () => Promise.reject(new Error('b calls nobody'));
    b!.machine.setOffline(false);
    await scene.until(() => isConnected(a!, b!), 7 * HOUR);
  });

  it('call a stranger that refused once in half a day, however often more partners are looked for', async () => {
    play('refused');
    const [a, b] = await scene.parties(2);
    // It broke its word, as b sees it.
    b!.open.records.update(a!.device, {
      standing: {
        ...FRESH_STANDING,
        state: 'reneged',
        reason: 'reneged-silent',
        since: scene.world.clock.now(),
      },
    });
    let proposals = 0;
    scene.world.network.onDeliver = (bytes): void => {
      const { message } = decodeMessage(bytes);
      if (message.type === 'request' && message.ask.kind === 'propose') proposals++;
    };
    for (let hour = 0; hour < 25; hour++) {
      expect(await scene.run(a!.open.ensurePartners(MIB))).toEqual([]);
      await scene.pass(HOUR);
    }
    expect(proposals).toBe(3);
  });
});
