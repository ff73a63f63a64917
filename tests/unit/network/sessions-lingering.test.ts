import { expect, it } from 'vitest';
import { Sessions } from '../../../src/agent/network/sessions.ts';
import type { Peer, Remote } from '../../../src/agent/session/types.ts';
import { deviceIdOfKey } from '../../../src/core/ids.ts';
import type { Channel, Transport } from '../../../src/ports/transport.ts';
import { ManualClock, connect } from '../session/devices.ts';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const SELF = deviceIdOfKey(new Uint8Array(32));

it('a device that calls again and again has one session and two that end, not as many as it called', async () => {
  const { toA } = await connect();
  const opened: Remote[] = [];
  let call: (channel: Channel) => void = silent;
  const transport: Transport = {
    connect: () => Promise.reject(new Error('nobody is called')),
    onIncoming: (handler) => {
      call = handler;
      return silent;
    },
    close: () => Promise.resolve(),
  };
  const clock = new ManualClock();
  const sessions = new Sessions({
    self: SELF,
    transport,
    clock,
    log,
    open: () => {
      const remote = fakeRemote(toA.peer);
      opened.push(remote);
      return Promise.resolve(remote);
    },
    onOpened: silent,
    onClosed: silent,
  });
  for (let calls = 0; calls < 20; calls++) {
    call({ claimed: toA.peer.device } as Channel);
    await clock.advance(100);
    expect(opened.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(3);
  }
  expect(sessions.get(toA.peer.device)).toBe(opened.at(-1));
  await clock.advance(10_000);
  expect(opened.filter(({ closed }) => !closed)).toEqual([opened.at(-1)]);
});

/** A session of which only the end matters. */
function fakeRemote(peer: Peer): Remote {
  const handlers: ((reason: string) => void)[] = [];
  let closed = false;
  return {
    peer,
    get closed() {
      return closed;
    },
    onClose: (handler: (reason: string) => void) => void handlers.push(handler),
    close: (reason: string) => {
      if (closed) return;
      closed = true;
      for (const handler of handlers) handler(reason);
    },
  } as Partial<Remote> as Remote;
}
