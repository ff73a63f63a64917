import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import { Sessions } from '../../../src/agent/network/sessions.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import { parseDeviceId } from '../../../src/core/ids.ts';
import type { Channel } from '../../../src/ports/transport.ts';

const SELF = parseDeviceId('1'.repeat(40));
const OTHER = parseDeviceId('2'.repeat(40));

describe('A session that is waited for', () => {
  it('is the one that the other side opens meanwhile', async () => {
    let call: (channel: Channel) => void = () => undefined;
    const clock = new VirtualClock();
    const remote = {
      peer: { device: OTHER },
      closed: false,
      onClose: () => undefined,
      close: () => undefined,
    } as unknown as Remote;
    const sessions = new Sessions({
      self: SELF,
      transport: {
        // Our own call is lost on its way.
        connect: () => new Promise<Channel>(() => undefined),
        onIncoming: (handler) => {
          call = handler;
          return () => undefined;
        },
        close: () => Promise.resolve(),
      },
      clock,
      log: silentLog,
      open: () => Promise.resolve(remote),
      onOpened: () => undefined,
      onClosed: () => undefined,
    });
    const waited = Promise.all([sessions.session(OTHER), sessions.session(OTHER)]);
    call({ claimed: OTHER } as Channel);
    expect(await waited).toEqual([remote, remote]);
    expect(await sessions.session(OTHER)).toBe(remote);
    sessions.close();
  });
});
