import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RtcConnection } from '../../../src/adapters/nodejs/rtc-connection.ts';
import type { RtcConnectionParts } from '../../../src/adapters/nodejs/rtc-connection.ts';
import { nobody } from './rtc-pair.ts';

interface Sent {
  readonly type: 'OFFER' | 'ANSWER' | 'CANDIDATE';
  readonly payload: { readonly sdp?: unknown };
}

/** A connection whose signals and timers the test passes on. */
function connection(initiator: boolean) {
  const sent: Sent[] = [];
  const timers: (() => void)[] = [];
  const parts: RtcConnectionParts = {
    device: nobody(),
    connectionId: 'dc_test',
    initiator,
    iceServers: [],
    send: (type, payload) => sent.push({ type, payload: payload as Sent['payload'] }),
    after: (_ms, callback) => {
      timers.push(callback);
      return () => void timers.splice(timers.indexOf(callback), 1);
    },
    opened: () => undefined,
    ended: () => undefined,
  };
  const first = async (type: Sent['type']): Promise<Sent['payload']> => {
    for (;;) {
      const found = sent.find((signal) => signal.type === type);
      if (found) return found.payload;
      await setTimeout(5);
    }
  };
  return { ends: new RtcConnection(parts), sent, timers, first };
}

describe('RtcConnection', () => {
  it('tells the other side its candidates a moment after the answer, when it is the one that offers', async () => {
    const caller = connection(true);
    const called = connection(false);
    called.ends.describeRemote('offer', (await caller.first('OFFER')).sdp);
    // Its own candidates come as they are found.
    await called.first('CANDIDATE');
    caller.ends.describeRemote('answer', (await called.first('ANSWER')).sdp);
    expect(caller.sent.map(({ type }) => type)).toEqual(['OFFER']);
    expect(caller.timers).toHaveLength(1);

    caller.timers[0]?.();
    await caller.first('CANDIDATE');
    caller.ends.end('over');
    called.ends.end('over');
  });

  it('tells nothing any more once it has ended', async () => {
    const caller = connection(true);
    const called = connection(false);
    called.ends.describeRemote('offer', (await caller.first('OFFER')).sdp);
    caller.ends.describeRemote('answer', (await called.first('ANSWER')).sdp);
    caller.ends.end('over');
    expect(caller.timers).toEqual([]);
    expect(caller.sent.map(({ type }) => type)).toEqual(['OFFER']);
    called.ends.end('over');
  });
});
