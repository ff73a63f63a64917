import type { Fault } from '../../core/errors.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';

/** A leader that does not say at once that it has a command is not there. */
const ACCEPT_TIMEOUT_MS = 5_000;

/** Each state is copied for the other tabs, whether there are any or not: no more often than an eye follows. */
const PUBLISH_MS = 250;

/** What a leading tab does for the others. All values are structured-cloneable. */
export interface LeaderSide<State> {
  readonly state: State;
  /** Runs a command of a follower. */
  call(method: string, args: readonly unknown[]): Promise<unknown>;
  /** A follower asks to lead: stop what runs, then release the lock. */
  handOver(): void;
}

export interface TabBus<State> {
  /** Follower: what the leader showed last. */
  readonly state: State | undefined;
  /** Follower: called with each state of the leader; returns a function that ends it. */
  subscribe(handler: (state: State) => void): () => void;
  /**
   * Follower: runs a command in the leader. @throws RoostError the leader's fault, 'unreachable' when there is no leader, or
   * it went away meanwhile
   */
  call(method: string, args: readonly unknown[]): Promise<unknown>;
  /** Follower: asks the leader to stop and release the lock. Resolves when it has been told. @throws RoostError 'unreachable' */
  handOver(): Promise<void>;
  /** Leader: answers followers from now on. `publish` shows a new state, soon; `stop` ends it. */
  serve(leader: LeaderSide<State>): { publish(): void; stop(): void };
  close(): void;
}

type Message<State> =
  | { readonly type: 'hello' }
  | { readonly type: 'state'; readonly leader: string; readonly state: State }
  | { readonly type: 'call'; readonly id: string; readonly method: string; readonly args: readonly unknown[] }
  | { readonly type: 'hand-over'; readonly id: string }
  | { readonly type: 'accepted'; readonly id: string; readonly leader: string }
  | { readonly type: 'done'; readonly id: string; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: string; readonly fault: Fault; readonly message: string };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RoostError) => void;
  readonly accepted: () => void;
  /** the leader went away before it answered */
  readonly leaderGone: () => void;
}

/**
 * Tabs of one profile. Each leader holds a Web Lock of its own as long as it serves, so that followers learn at once when it
 * is gone, however it went, and their commands do not wait for ever.
 */
export function createTabBus<State>(
  name: string,
  clock: Clock,
  locks: LockManager = navigator.locks,
): TabBus<State> {
  const channel = new BroadcastChannel(name);
  const send = (message: Message<State>): void => channel.postMessage(message);
  const handlers = new Set<(state: State) => void>();
  const waiting = new Map<string, Waiting>();
  const watched = new Map<string, AbortController>();
  let state: State | undefined;
  let serving: { readonly id: string; readonly side: LeaderSide<State> } | undefined;
  const lockOf = (leader: string): string => `${name}-leader-${leader}`;

  /** Rejects what waits for a leader once that leader is gone. */
  const watch = (leader: string): void => {
    if (watched.has(leader)) return;
    const controller = new AbortController();
    watched.set(leader, controller);
    locks
      .request(lockOf(leader), { signal: controller.signal }, () => {
        watched.delete(leader);
        for (const { leaderGone } of waiting.values()) leaderGone();
      })
      .catch(() => watched.delete(leader));
  };

  const answer = async (
    leader: { readonly id: string; readonly side: LeaderSide<State> },
    message: Message<State>,
  ): Promise<void> => {
    if (message.type !== 'call') return;
    const { id, method, args } = message;
    send({ type: 'accepted', id, leader: leader.id });
    try {
      send({ type: 'done', id, value: await leader.side.call(method, args) });
    } catch (error) {
      const fault =
        error instanceof DOMException && error.name === 'DataCloneError' ? 'internal' : faultOf(error);
      send({ type: 'failed', id, fault, message: messageOf(error) });
    }
  };

  channel.onmessage = ({ data }: MessageEvent<Message<State>>) => {
    switch (data.type) {
      case 'hello':
        if (serving !== undefined) send({ type: 'state', leader: serving.id, state: serving.side.state });
        return;
      case 'state':
        state = data.state;
        watch(data.leader);
        for (const handler of handlers) handler(data.state);
        return;
      case 'call':
        if (serving !== undefined) void answer(serving, data);
        return;
      case 'hand-over':
        if (serving === undefined) return;
        send({ type: 'accepted', id: data.id, leader: serving.id });
        send({ type: 'done', id: data.id, value: undefined });
        serving.side.handOver();
        return;
      case 'accepted':
        watch(data.leader);
        waiting.get(data.id)?.accepted();
        return;
      case 'done':
        waiting.get(data.id)?.resolve(data.value);
        return;
      case 'failed':
        waiting.get(data.id)?.reject(new RoostError(data.fault, data.message));
        return;
      default:
        data satisfies never;
    }
  };

  const ask = (
    make: (id: string) => Message<State>,
    { endsWithLeader }: { readonly endsWithLeader: boolean },
  ): Promise<unknown> => {
    const id = crypto.randomUUID();
    return new Promise<unknown>((resolve, reject) => {
      const accepted = clock.after(ACCEPT_TIMEOUT_MS, () =>
        reject(new RoostError('unreachable', 'no tab leads')),
      );
      const leaderGone = (): void => {
        if (endsWithLeader) resolve(undefined);
        else reject(new RoostError('unreachable', 'the leading tab has gone'));
      };
      waiting.set(id, { resolve, reject, accepted, leaderGone });
      try {
        send(make(id));
      } catch (cause) {
        reject(new RoostError('usage', `a command must be plain data: ${messageOf(cause)}`, { cause }));
      }
    }).finally(() => {
      waiting.get(id)?.accepted();
      waiting.delete(id);
    });
  };

  send({ type: 'hello' });

  return {
    get state() {
      return state;
    },
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    call: (method, args) => ask((id) => ({ type: 'call', id, method, args }), { endsWithLeader: false }),
    async handOver() {
      // The lock may tell that the leader is gone before its answer is here: then it did what was asked.
      await ask((id) => ({ type: 'hand-over', id }), { endsWithLeader: true });
    },
    serve(side) {
      const leader = { id: crypto.randomUUID(), side };
      serving = leader;
      let release: (() => void) | undefined;
      let stopped = false;
      let publishedAt = -Infinity;
      let cancelLater: (() => void) | undefined;
      const publish = (): void => {
        if (stopped || cancelLater !== undefined) return;
        const now = clock.monotonic();
        const left = publishedAt + PUBLISH_MS - now;
        if (left > 0) {
          cancelLater = clock.after(left, () => {
            cancelLater = undefined;
            publish();
          });
          return;
        }
        publishedAt = now;
        send({ type: 'state', leader: leader.id, state: side.state });
      };
      // Followers are told of the leader only when it holds the lock by which they see it go.
      void locks.request(lockOf(leader.id), () => {
        publish();
        return stopped ? undefined : new Promise<void>((resolve) => (release = resolve));
      });
      return {
        publish,
        stop() {
          stopped = true;
          cancelLater?.();
          if (serving === leader) serving = undefined;
          release?.();
        },
      };
    },
    close() {
      for (const { reject } of waiting.values()) reject(new RoostError('aborted', 'the tab is closing'));
      for (const controller of watched.values()) controller.abort();
      serving = undefined;
      channel.close();
    },
  };
}
