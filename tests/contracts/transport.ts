import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import type { DeviceId } from '../../src/core/ids.ts';
import { FRAME_MAX_BYTES, MIB } from '../../src/core/limits.ts';
import type { AbortControllerLike } from '../../src/ports/clock.ts';
import type { Channel, Transport } from '../../src/ports/transport.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';

export interface TransportHarness {
  /** Two devices that can reach each other. */
  readonly first: { readonly device: DeviceId; readonly transport: Transport };
  readonly second: { readonly device: DeviceId; readonly transport: Transport };
  /** A device that nobody is. */
  readonly absent: DeviceId;
  abortController(): AbortControllerLike;
  /** Called after both transports were closed. */
  cleanUp?(): Promise<void>;
}

interface Pair {
  readonly here: Channel;
  readonly there: Channel;
}

/** Resolves with the messages of a channel once there are `count`. */
function messages(channel: Channel, count: number): Promise<Bytes[]> {
  return new Promise((resolve) => {
    const received: Bytes[] = [];
    channel.onMessage((message) => {
      received.push(message);
      if (received.length === count) resolve(received);
    });
  });
}

const closed = (channel: Channel): Promise<string> => new Promise((resolve) => channel.onClose(resolve));

/** What every transport must keep. */
export function transportContract(name: string, make: () => Promise<TransportHarness>): void {
  describe(`${name} keeps the transport contract`, () => {
    let harness: TransportHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.first.transport.close();
      await harness.second.transport.close();
      await harness.cleanUp?.();
    });

    async function connect(): Promise<Pair> {
      const incoming = new Promise<Channel>((resolve) => {
        const remove = harness.second.transport.onIncoming((channel) => {
          remove();
          resolve(channel);
        });
      });
      const here = await harness.first.transport.connect(harness.second.device);
      return { here, there: await incoming };
    }

    it('opens a channel that both ends see, and says who called and who is claimed', async () => {
      const { here, there } = await connect();
      expect(here.claimed).toBe(harness.second.device);
      expect(there.claimed).toBe(harness.first.device);
      expect(here.initiator).toBe(true);
      expect(there.initiator).toBe(false);
    });

    it('shows both ends the same two fingerprints, each from its own side', async () => {
      const { here, there } = await connect();
      expect(here.binding.local.length).toBe(32);
      expect(here.binding.remote.length).toBe(32);
      expect(here.binding.local).toEqual(there.binding.remote);
      expect(here.binding.remote).toEqual(there.binding.local);
      expect(here.binding.local).not.toEqual(here.binding.remote);
    });

    it('keeps a copy of what is sent, and gives each message a buffer of its own', async () => {
      const { here, there } = await connect();
      const arrived = messages(there, 3);
      const used = patternBytes(FRAME_MAX_BYTES, 1);
      here.send(used);
      used.fill(0);
      here.send(used.subarray(100, 200));
      used.fill(255);
      here.send(used.subarray(0, 10));
      const [first, second, third] = await arrived;
      expectBytes(first, patternBytes(FRAME_MAX_BYTES, 1));
      expectBytes(second, new Uint8Array(100));
      expectBytes(third, new Uint8Array(10).fill(255));
      for (const message of [first!, second!, third!]) expect(message.buffer.byteLength).toBe(message.length);
    });

    it('takes messages as long as a frame, whole and both ways', async () => {
      const { here, there } = await connect();
      expect(here.maxMessageBytes).toBeGreaterThanOrEqual(FRAME_MAX_BYTES);
      expect(there.maxMessageBytes).toBeGreaterThanOrEqual(FRAME_MAX_BYTES);
      const lengths = [1, 2, 16_383, 65_536, FRAME_MAX_BYTES];
      const arrived = messages(there, lengths.length);
      const returned = messages(here, lengths.length);
      for (const [index, length] of lengths.entries()) here.send(patternBytes(length, index + 1));
      for (const [index, length] of lengths.entries()) there.send(patternBytes(length, index + 100));
      for (const [index, message] of (await arrived).entries()) {
        expect(message.buffer).toBeInstanceOf(ArrayBuffer);
        expectBytes(message, patternBytes(lengths[index] ?? 0, index + 1));
      }
      for (const [index, message] of (await returned).entries()) {
        expectBytes(message, patternBytes(lengths[index] ?? 0, index + 100));
      }
    });

    it('sends a view of a larger buffer as the view only', async () => {
      const { here, there } = await connect();
      const arrived = messages(there, 1);
      here.send(patternBytes(1000).subarray(300, 420));
      expectBytes((await arrived)[0], patternBytes(1000).subarray(300, 420));
    });

    it('keeps the order of messages', async () => {
      const { here, there } = await connect();
      const arrived = messages(there, 500);
      for (let i = 0; i < 500; i++) here.send(new Uint8Array([i & 255, i >> 8]));
      expect((await arrived).map((message) => (message[0] ?? 0) | ((message[1] ?? 0) << 8))).toEqual(
        Array.from({ length: 500 }, (_, index) => index),
      );
    });

    it('keeps messages that come before a handler is set', async () => {
      const { here, there } = await connect();
      here.send(new Uint8Array([1]));
      here.send(new Uint8Array([2]));
      // a round trip the other way: by then the two are here
      const back = messages(here, 1);
      there.send(new Uint8Array([3]));
      await back;
      expect((await messages(there, 2)).map((message) => message[0])).toEqual([1, 2]);
    });

    it('gives keepers of the window a way to wait: 8 MiB pass, and nothing is queued at the end', async () => {
      const { here, there } = await connect();
      const size = 64 * 1024;
      const count = (8 * MIB) / size;
      const arrived = messages(there, count);
      let most = 0;
      for (let i = 0; i < count; i++) {
        here.send(patternBytes(size, i + 1));
        most = Math.max(most, here.bufferedAmount);
        if (here.bufferedAmount > MIB) await here.drained(256 * 1024);
      }
      await here.drained(0);
      expect(here.bufferedAmount).toBe(0);
      expect(most).toBeLessThanOrEqual(MIB + size);
      const received = await arrived;
      for (const index of [0, 1, 63, count - 1]) expectBytes(received[index], patternBytes(size, index + 1));
    });

    it('tells both ends once when one closes, and refuses to send afterwards', async () => {
      const { here, there } = await connect();
      let times = 0;
      const both = Promise.all([closed(here), closed(there)]);
      here.close();
      here.close();
      await both;
      here.onClose(() => times++);
      await Promise.resolve();
      await expectFault(
        Promise.resolve().then(() => here.send(new Uint8Array([1]))),
        'unreachable',
      );
      await expectFault(
        Promise.resolve().then(() => there.send(new Uint8Array([1]))),
        'unreachable',
      );
      await here.drained(0);
      expect(times).toBeLessThanOrEqual(1);
    });

    it('delivers what was sent before the close', async () => {
      const { here, there } = await connect();
      const arrived = messages(there, 20);
      for (let i = 0; i < 20; i++) here.send(patternBytes(1000, i + 1));
      await here.drained(0);
      await Promise.race([arrived, closed(there)]);
      here.close();
      expect((await arrived).length).toBe(20);
    });

    it('tells a handler that comes late that the channel has closed', async () => {
      const { here, there } = await connect();
      const known = closed(there);
      here.close();
      await known;
      expect(typeof (await closed(here))).toBe('string');
      expect(typeof (await closed(there))).toBe('string');
    });

    it('holds several channels between the same two devices apart', async () => {
      const one = await connect();
      const two = await connect();
      const first = messages(one.there, 1);
      const second = messages(two.there, 1);
      two.here.send(new Uint8Array([2]));
      one.here.send(new Uint8Array([1]));
      expect([(await first)[0]?.[0], (await second)[0]?.[0]]).toEqual([1, 2]);
      const gone = closed(one.there);
      one.here.close();
      await gone;
      const still = messages(two.here, 1);
      two.there.send(new Uint8Array([5]));
      expect((await still)[0]?.[0]).toBe(5);
    });

    it('connects when both call each other at once', async () => {
      const { first, second } = harness;
      const toFirst = new Promise<Channel>((resolve) => first.transport.onIncoming(resolve));
      const toSecond = new Promise<Channel>((resolve) => second.transport.onIncoming(resolve));
      const [one, two] = await Promise.all([
        first.transport.connect(second.device),
        second.transport.connect(first.device),
      ]);
      expect([one.initiator, two.initiator]).toEqual([true, true]);
      const arrived = [messages(await toSecond, 1), messages(await toFirst, 1)];
      one.send(new Uint8Array([7]));
      two.send(new Uint8Array([8]));
      expect((await Promise.all(arrived)).map((received) => received[0]?.[0])).toEqual([7, 8]);
    });

    it('rejects a connect to nobody', async () => {
      await expectFault(harness.first.transport.connect(harness.absent), 'unreachable', 'timeout');
    });

    it('rejects a connect with aborted when its signal fires', async () => {
      const before = harness.abortController();
      before.abort();
      await expectFault(
        harness.first.transport.connect(harness.second.device, { signal: before.signal }),
        'aborted',
      );
      const during = harness.abortController();
      const connecting = harness.first.transport.connect(harness.absent, { signal: during.signal });
      during.abort();
      await expectFault(connecting, 'aborted', 'unreachable');
    });

    it('closes its channels when it is closed, and connects no more', async () => {
      const { here, there } = await connect();
      const both = Promise.all([closed(here), closed(there)]);
      await harness.first.transport.close();
      await both;
      await expectFault(harness.first.transport.connect(harness.second.device), 'unreachable', 'aborted');
    });
  });
}
