import { WebSocketServer } from 'ws';
import type { WebSocket as ServerSocket } from 'ws';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { systemRandom } from '../../../src/adapters/nodejs/system-random.ts';
import { connectRendezvous } from '../../../src/adapters/websocket/rendezvous-client.ts';
import type { WebSocketConstructor } from '../../../src/adapters/websocket/socket.ts';
import { parseRendezvousId } from '../../../src/core/ids.ts';
import { encodeChallenge, encodeReply, encodeWelcome } from '../../../src/core/wire/broker.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import { noCodec } from '../adapters/no-codec.ts';
import { Cleanup, newIdentity, silent, testBroker, until } from './devices.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());
const ID = parseRendezvousId('a'.repeat(64));

interface Dialled {
  readonly url: string;
  fire(type: string, event?: unknown): void;
}

/** Sockets that do only what the test says. */
function fakeSockets(): { readonly dialled: Dialled[]; readonly WebSocket: WebSocketConstructor } {
  const dialled: Dialled[] = [];
  class Fake {
    binaryType = 'blob';
    readonly readyState = 1;
    readonly #listeners = new Map<string, (event: never) => void>();
    constructor(url: string) {
      dialled.push({ url, fire: (type, event) => this.#listeners.get(type)?.(event as never) });
    }
    send(): void {
      // The test answers when it likes.
    }
    close(): void {
      // The client forgets a socket that it closes.
    }
    addEventListener(type: string, listener: (event: never) => void): void {
      this.#listeners.set(type, listener);
    }
  }
  return { dialled, WebSocket: Fake };
}

const line = async (url: string, clock: Clock, Socket: WebSocketConstructor = WebSocket) =>
  cleanup.add(
    await connectRendezvous({
      url,
      identity: await newIdentity(),
      clock,
      random: systemRandom,
      log: silent,
      WebSocket: Socket,
    }),
  );

/** A server that says what the test wants. */
async function fakeBroker(talk: (socket: ServerSocket) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', talk);
  cleanup.add({
    close: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

const virtual = (): ReturnType<typeof createMemoryWorld> => {
  const world = createMemoryWorld({ seed: 1, codec: () => noCodec });
  cleanup.add({ close: async () => world.close() });
  return world;
};

describe('the line to the broker', () => {
  it('dials the folder that the broker is served from', async () => {
    const { clock } = virtual();
    const { dialled, WebSocket: Fake } = fakeSockets();
    await line('https://Example.ORG:443/roost', clock, Fake);
    await line('ws://[::1]:8787/', clock, Fake);
    expect(dialled.map(({ url }) => url)).toEqual([
      'wss://example.org/roost/rendezvous',
      'ws://[::1]:8787/rendezvous',
    ]);
  });

  it('refuses an address that is none', async () => {
    const { clock } = virtual();
    for (const url of ['', 'ftp://x', 'https://a b', 'https://x/?q', 'https://user@x', 'http://x:99999']) {
      await expectFault(line(url, clock), 'malformed');
    }
  });

  it('resolves at once when nobody is there, and says why', async () => {
    const broker = await testBroker();
    await broker.close();
    const { clock } = virtual();
    const away = await line(broker.origin, clock);
    await expectFault(away.lookup(ID), 'unreachable');
    expect(away.status).toEqual({ online: false, reason: 'the broker cannot be reached' });
  });

  it('waits for the attempt under way instead of failing the first calls', async () => {
    const broker = cleanup.add(await testBroker());
    const { clock } = virtual();
    expect(await (await line(broker.origin, clock)).lookup(ID)).toEqual([]);
  });

  it('tries again with growing waits, spread by chance, never longer than 30 s', async () => {
    const { clock } = virtual();
    const { dialled, WebSocket: Fake } = fakeSockets();
    await line('http://broker.example', clock, Fake);
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const count = dialled.length;
      const from = clock.monotonic();
      dialled.at(-1)!.fire('error');
      dialled.at(-1)!.fire('close');
      while (dialled.length === count) await clock.advance(50);
      waits.push(clock.monotonic() - from);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(500);
    expect(waits[0]).toBeLessThanOrEqual(1_050);
    for (const wait of waits.slice(-4)) {
      expect(wait).toBeGreaterThanOrEqual(15_000);
      expect(wait).toBeLessThanOrEqual(30_050);
    }
    expect(new Set(waits.slice(-4)).size).toBeGreaterThan(1);
  });

  it('gives up a broker that does not answer its dialling or its call within 10 s', async () => {
    const { clock } = virtual();
    const { dialled, WebSocket: Fake } = fakeSockets();
    const away = await line('http://broker.example', clock, Fake);
    const early = expectFault(away.lookup(ID), 'unreachable');
    await clock.advance(10_000);
    await early;
    await clock.advance(1_100);
    expect(dialled).toHaveLength(2);
    const frame = (bytes: Uint8Array<ArrayBuffer>) => ({ data: bytes.buffer });
    dialled[1]!.fire('message', frame(encodeChallenge(new Uint8Array(32))));
    dialled[1]!.fire('message', frame(encodeWelcome()));
    await clock.settle();
    expect(away.status.online).toBe(true);
    const late = expectFault(away.lookup(ID), 'unreachable');
    await clock.settle();
    await clock.advance(10_000);
    expect((await late).message).toContain('10 s');
  });

  const lies: Record<string, (socket: ServerSocket) => void> = {
    'speaks text': (socket) => socket.send('hello'),
    'speaks no CBOR': (socket) => socket.send(new Uint8Array([1, 2, 3])),
    'welcomes without a challenge': (socket) => socket.send(encodeWelcome()),
    'challenges twice': (socket) => {
      socket.send(encodeChallenge(new Uint8Array(32)));
      socket.send(encodeChallenge(new Uint8Array(32)));
    },
    'sends more than a frame': (socket) => socket.send(new Uint8Array(300_000)),
    'answers something else than was asked': (socket) => {
      socket.send(encodeChallenge(new Uint8Array(32)));
      socket.once('message', () => {
        socket.send(encodeWelcome());
        socket.once('message', () => socket.send(encodeReply(1, 'append', { appended: true })));
      });
    },
  };
  it.each(Object.entries(lies))('hangs up on a broker that %s', async (_name, talk) => {
    const url = await fakeBroker(talk);
    const { clock } = virtual();
    const wrong = await line(url, clock);
    await expectFault(wrong.lookup(ID), 'unreachable');
    await until(
      () => !wrong.status.online && wrong.status.reason === 'the broker does not keep to the protocol',
    );
  });

  it('runs on the WebSocket of the platform as well', async () => {
    const broker = cleanup.add(await testBroker());
    const { clock } = virtual();
    expect(await (await line(broker.origin, clock, globalThis.WebSocket)).lookup(ID)).toEqual([]);
  });

  it('goes on when one of its listeners throws', async () => {
    const broker = cleanup.add(await testBroker());
    const { clock } = virtual();
    const made = await line(broker.origin, clock);
    const seen: boolean[] = [];
    made.onStatus(() => {
      throw new Error('a listener fails');
    });
    made.onStatus(({ online }) => seen.push(online));
    await until(() => seen.includes(true));
  });
});
