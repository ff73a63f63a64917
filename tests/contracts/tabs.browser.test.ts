import { afterAll, describe, expect, it } from 'vitest';
import { createLeader } from '../../src/adapters/web/leader.ts';
import { createSystemClock } from '../../src/adapters/web/system-clock.ts';
import type { TabBus } from '../../src/adapters/web/tab-bus.ts';
import { createTabBus } from '../../src/adapters/web/tab-bus.ts';
import { createTimers } from '../../src/adapters/web/timers.ts';
import { RoostError } from '../../src/core/errors.ts';
import { uniqueName } from './browser/private-folder.ts';
import { expectFault } from './expect-fault.ts';

const timers = createTimers();
const clock = createSystemClock(timers);
afterAll(() => timers.close());

interface State {
  readonly count: number;
}

function pair(): { readonly one: TabBus<State>; readonly other: TabBus<State>; close(): void } {
  const name = uniqueName('bus');
  const one = createTabBus<State>(name, clock);
  const other = createTabBus<State>(name, clock);
  return {
    one,
    other,
    close: () => {
      one.close();
      other.close();
    },
  };
}

/** Resolves with the first state that counts so far; the leader may tell an older one twice. */
const stateAt = (bus: TabBus<State>, count: number): Promise<State> =>
  new Promise((resolve) => {
    const end = bus.subscribe((state) => {
      if (state.count !== count) return;
      end();
      resolve(state);
    });
  });

describe('the lead', () => {
  it('is held by one tab and goes to the next when it is released', async () => {
    const name = uniqueName('lead');
    const first = createLeader(name);
    const second = createLeader(name);
    let told = 0;
    second.onLead(() => told++);
    expect(await first.taken()).toBe(false);
    const release = await first.lead();
    const waiting = second.lead();
    expect([first.leading, second.leading, await second.taken()]).toEqual([true, false, true]);
    release();
    const releaseSecond = await waiting;
    expect([first.leading, second.leading, told]).toEqual([false, true, 1]);
    releaseSecond();
  });

  it('goes on when the leading page closes', async () => {
    const name = uniqueName('lead');
    const frame = document.createElement('iframe');
    frame.src = '/__no_such_page__';
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    const release = await createLeader(name, frame.contentWindow!.navigator.locks).lead();
    expect(typeof release).toBe('function');
    const waiting = createLeader(name).lead();
    frame.remove();
    (await waiting)();
  });

  it('is not waited for any longer once the signal fires', async () => {
    const name = uniqueName('lead');
    const release = await createLeader(name).lead();
    const controller = new AbortController();
    const waiting = createLeader(name).lead({ signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toThrow();
    release();
  });
});

describe('the bus between tabs', () => {
  it('shows followers the state of the leader, also those that come later', async () => {
    const { one, other, close } = pair();
    let state: State = { count: 1 };
    const seen = stateAt(other, 1);
    const served = one.serve({
      get state() {
        return state;
      },
      call: async () => undefined,
      handOver: () => undefined,
    });
    expect(await seen).toEqual({ count: 1 });
    state = { count: 2 };
    const next = stateAt(other, 2);
    served.publish();
    expect(await next).toEqual({ count: 2 });
    expect(other.state).toEqual({ count: 2 });
    served.stop();
    close();
  });

  it('shows many changes in few messages, and the last of them always', async () => {
    const { one, other, close } = pair();
    let state: State = { count: 0 };
    const first = stateAt(other, 0);
    const served = one.serve({
      get state() {
        return state;
      },
      call: async () => undefined,
      handOver: () => undefined,
    });
    await first;
    let messages = 0;
    other.subscribe(() => messages++);
    const last = stateAt(other, 200);
    for (let count = 1; count <= 200; count++) {
      state = { count };
      served.publish();
    }
    expect(await last).toEqual({ count: 200 });
    expect(messages).toBeLessThanOrEqual(2);
    served.stop();
    close();
  });

  it('carries commands to the leader and its replies and faults back', async () => {
    const { one, other, close } = pair();
    one.serve({
      state: { count: 0 },
      call: async (method, args) => {
        if (method === 'fail') throw new RoostError('too-few', 'two of three are away');
        return { method, args };
      },
      handOver: () => undefined,
    });
    const bytes = new Uint8Array([1, 2]);
    expect(await other.call('list', ['a', bytes])).toEqual({ method: 'list', args: ['a', bytes] });
    const fault = await expectFault(other.call('fail', []), 'too-few');
    expect(fault.message).toBe('two of three are away');
    await expectFault(other.call('list', [() => undefined]), 'usage');
    close();
  });

  it('rejects a command when nobody leads', async () => {
    const { other, close } = pair();
    await expectFault(other.call('list', []), 'unreachable');
    close();
  });

  it('rejects the commands under way when the leader goes', async () => {
    const { one, other, close } = pair();
    const served = one.serve({
      state: { count: 0 },
      call: () => new Promise(() => undefined),
      handOver: () => undefined,
    });
    await stateAt(other, 0);
    const call = other.call('backup', []);
    await clock.sleep(50);
    served.stop();
    await expectFault(call, 'unreachable');
    close();
  });

  it('hands the lead over to the follower that asks for it', async () => {
    const name = uniqueName('lead');
    const { one, other, close } = pair();
    const leader = createLeader(name);
    const release = await leader.lead();
    const served = one.serve({
      state: { count: 0 },
      call: async () => undefined,
      handOver: () => {
        served.stop();
        release();
      },
    });
    const follower = createLeader(name);
    const waiting = follower.lead();
    await other.handOver();
    (await waiting)();
    expect(leader.leading).toBe(false);
    close();
  });
});
