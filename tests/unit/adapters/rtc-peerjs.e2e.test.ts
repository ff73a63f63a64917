import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { expect, it } from 'vitest';
import { answerSignalingChallenge } from '../../../src/adapters/websocket/signaling-auth.ts';
import { MIB } from '../../../src/core/limits.ts';
import type { Channel } from '../../../src/ports/transport.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';
import { CHROMIUM_ARGS, findChromium } from '../../tools/chromium.ts';
import { testBroker, testIdentity, testTransport } from './rtc-pair.ts';

const PEERJS = fileURLToPath(new URL('../../../node_modules/peerjs/dist/peerjs.min.js', import.meta.url));

it('speaks with an unmodified PeerJS client in a browser, whoever calls', async () => {
  const broker = await testBroker();
  const identity = await testIdentity();
  const node = await testTransport(broker.origin);
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: [...CHROMIUM_ARGS],
  });
  try {
    const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    await page.goto(`${broker.origin}/livez`);
    await page.exposeFunction('answer', (message: unknown) =>
      answerSignalingChallenge(broker.origin, identity, message),
    );
    const calling = new Promise<Channel>((resolve) => node.transport.onIncoming(resolve));
    // the broker's own policy forbids scripts it did not send; evaluate is not bound by it
    await page.evaluate(await readFile(PEERJS, 'utf8'));
    await page.evaluate(
      async ({ id, port, other }) => {
        const scope = globalThis as unknown as Record<string, any>;
        const peer = new scope['peerjs'].Peer(id, {
          host: '127.0.0.1',
          port,
          path: '/',
          key: 'peerjs',
          config: {},
        });
        scope['peer'] = peer;
        peer.socket.on('message', async (message: { type: string }) => {
          if (message.type === 'CHALLENGE') peer.socket.send(await scope['answer'](message));
        });
        const echo = (connection: any): void => {
          connection.on('open', () => {
            connection.dataChannel.binaryType = 'arraybuffer';
            connection.dataChannel.onmessage = (event: MessageEvent) =>
              connection.dataChannel.send(event.data);
          });
        };
        peer.on('connection', echo);
        await new Promise((resolve) => peer.on('open', resolve));
        echo(peer.connect(other, { serialization: 'raw', reliable: true }));
      },
      { id: identity.device, port: broker.port, other: node.device },
    );
    const channels = [await calling, await node.transport.connect(identity.device)];
    expect(channels.map(({ claimed, initiator }) => ({ claimed, initiator }))).toEqual([
      { claimed: identity.device, initiator: false },
      { claimed: identity.device, initiator: true },
    ]);
    for (const channel of channels) {
      const count = 64;
      const returned = new Promise<Uint8Array[]>((resolve) => {
        const received: Uint8Array[] = [];
        channel.onMessage((message) => {
          received.push(message);
          if (received.length === count) resolve(received);
        });
      });
      for (let i = 0; i < count; i++) {
        channel.send(patternBytes(65_600, i + 1));
        if (channel.bufferedAmount > MIB) await channel.drained(MIB / 4);
      }
      for (const [index, message] of (await returned).entries()) {
        expect(Buffer.compare(message, patternBytes(65_600, index + 1))).toBe(0);
      }
    }
    const closed = Promise.all(channels.map((channel) => new Promise((resolve) => channel.onClose(resolve))));
    await page.evaluate((other) => {
      const { connections } = (globalThis as unknown as Record<string, any>)['peer'];
      // PeerJS takes each from its list as it closes
      for (const connection of [...connections[other]]) connection.close();
    }, node.device);
    await closed;
  } finally {
    await browser.close();
    await node.transport.close();
    await broker.close();
  }
});
