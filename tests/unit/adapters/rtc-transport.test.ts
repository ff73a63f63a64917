import { createHash } from 'node:crypto';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningBroker } from '../../../signaling/broker.ts';
import { systemClock } from '../../../src/adapters/nodejs/system-clock.ts';
import { parseDeviceId } from '../../../src/core/ids.ts';
import { MIB } from '../../../src/core/limits.ts';
import type { Channel, Transport } from '../../../src/ports/transport.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';
import { transportContract } from '../../contracts/transport.ts';
import { nobody, testBroker, testTransport } from './rtc-pair.ts';

let broker: RunningBroker;
beforeAll(async () => {
  broker = await testBroker();
});
afterAll(async () => broker.close());

const incoming = (transport: Transport): Promise<Channel> =>
  new Promise((resolve) => transport.onIncoming(resolve));

transportContract('RtcTransport', async () => ({
  first: await testTransport(broker.origin),
  second: await testTransport(broker.origin),
  absent: nobody(),
  abortController: () => systemClock.abortController(),
}));

describe('RtcTransport', () => {
  it('carries 50 MB unchanged with a bounded queue', async () => {
    const first = await testTransport(broker.origin);
    const second = await testTransport(broker.origin);
    const arriving = incoming(second.transport);
    // the broker tells a caller at once that nobody is there
    const here = await connectWhenThere(first.transport, second.device);
    const there = await arriving;

    const size = 65_600;
    const count = Math.ceil(50_000_000 / size);
    const received = createHash('sha256');
    const whole = new Promise<void>((resolve) => {
      let left = count;
      there.onMessage((message) => {
        received.update(message);
        if (--left === 0) resolve();
      });
    });
    const sent = createHash('sha256');
    for (let i = 0; i < count; i++) {
      const message = patternBytes(size, i + 1);
      sent.update(message);
      here.send(message);
      if (here.bufferedAmount > MIB) await here.drained(256 * 1024);
    }
    await whole;
    expect(received.digest('hex')).toBe(sent.digest('hex'));
    await first.transport.close();
    await second.transport.close();
  });

  it('keeps its channels when the broker goes away, and connects again when it is back', async () => {
    const own = await testBroker();
    const first = await testTransport(own.origin);
    const second = await testTransport(own.origin);
    const arriving = incoming(second.transport);
    const here = await connectWhenThere(first.transport, second.device);
    const there = await arriving;
    await own.close();
    await systemClock.sleep(200);
    const answer = new Promise((resolve) => there.onMessage(resolve));
    here.send(new Uint8Array([42]));
    expect(await answer).toEqual(new Uint8Array([42]));

    const back = await testBroker(own.port);
    const again = incoming(second.transport);
    const anew = await connectWhenThere(first.transport, second.device);
    expect((await again).claimed).toBe(first.device);
    expect(anew.claimed).toBe(second.device);
    await first.transport.close();
    await second.transport.close();
    await back.close();
  });

  it('tells that the other process was killed', { timeout: 60_000 }, async () => {
    const first = await testTransport(broker.origin);
    const child = fork(new URL('./rtc-peer-process.ts', import.meta.url), [broker.origin]);
    const [device] = (await once(child, 'message')) as [string];
    const here = await connectWhenThere(first.transport, parseDeviceId(device));
    const closed = new Promise<string>((resolve) => here.onClose(resolve));
    const started = performance.now();
    child.kill('SIGKILL');
    expect(await closed).toMatch(/failed|closed/);
    expect(performance.now() - started).toBeLessThan(45_000);
    await first.transport.close();
  });
});

/** A transport that was just made may not have told the broker of itself yet. */
async function connectWhenThere(
  transport: Transport,
  device: Parameters<Transport['connect']>[0],
): Promise<Channel> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      return await transport.connect(device);
    } catch {
      await systemClock.sleep(100);
    }
  }
  return transport.connect(device);
}
