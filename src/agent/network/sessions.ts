import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Channel, Transport } from '../../ports/transport.ts';
import { abortable } from '../cancellation.ts';
import type { Remote } from '../session/types.ts';

/** Both sides connected at once when the second session comes within this time of the first. */
const SIMULTANEOUS_MS = 10_000;
/** A session that another one replaces finishes what is under way. */
const LINGER_MS = 10_000;
/** Both sides that call at once leave one; with more, who calls again and again would have all that a session may hold many times over. */
const LINGERING_MAX = 2;
/** Connecting and handshake together. */
const DIAL_TIMEOUT_MS = 40_000;
/** Channels whose other end has not proved itself yet. */
const UNPROVED_MAX = 64;

export interface SessionsOptions {
  readonly self: DeviceId;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Handshake and session on a fresh channel. */
  readonly open: (channel: Channel, options: Cancellable) => Promise<Remote>;
  readonly onOpened: (remote: Remote) => void;
  readonly onClosed: (device: DeviceId) => void;
}

interface Line {
  readonly remote: Remote;
  /** device that called */
  readonly caller: DeviceId;
  readonly since: number;
}

/** Open sessions, one for each other device. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #lines = new Map<DeviceId, Line>();
  readonly #lingering = new Map<DeviceId, Set<Line>>();
  readonly #dialling = new Map<DeviceId, Promise<Remote>>();
  /** called with the session when a device is connected, by whoever called: who waits for our call need not */
  readonly #expecting = new Map<DeviceId, (remote: Remote) => void>();
  readonly #stop: () => void;
  #unproved = 0;
  #closed = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#stop = options.transport.onIncoming((channel) => void this.#answer(channel));
  }

  connected(): readonly Remote[] {
    return [...this.#lines.values()].map(({ remote }) => remote);
  }

  /** Whether there is an open session. */
  get any(): boolean {
    return this.#lines.size > 0;
  }

  get(device: DeviceId): Remote | undefined {
    return this.#lines.get(device)?.remote;
  }

  /** The open session, one that is being opened, or a new one. @throws 'unreachable' | 'timeout' | 'refused' | 'aborted' */
  session(device: DeviceId, { signal }: Cancellable = {}): Promise<Remote> {
    if (this.#closed) return Promise.reject(new RoostError('aborted', 'the network is closed'));
    if (device === this.#options.self) {
      return Promise.reject(new RoostError('usage', 'a device has no session with itself'));
    }
    const open = this.get(device);
    if (open) return Promise.resolve(open);
    let dialling = this.#dialling.get(device);
    if (dialling === undefined) {
      // Others may wait for the same dial, so one who gives up does not end it.
      dialling = new Promise<Remote>((resolve, reject) => {
        this.#expecting.set(device, resolve);
        this.#dial(device).then(resolve, reject);
      }).finally(() => {
        this.#expecting.delete(device);
        this.#dialling.delete(device);
      });
      this.#dialling.set(device, dialling);
      dialling.catch(() => undefined);
    }
    return abortable(dialling, signal);
  }

  /** Closes the sessions of which the test says so. */
  closeWhere(test: (remote: Remote) => boolean, reason: string): void {
    for (const { remote } of [...this.#lines.values()]) if (test(remote)) remote.close(reason);
  }

  /** Closes all and opens none any more. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const lines of this.#lingering.values())
      for (const { remote } of lines) remote.close('this device is leaving');
    this.closeWhere(() => true, 'this device is leaving');
  }

  async #dial(device: DeviceId): Promise<Remote> {
    const { transport, clock, open, self } = this.#options;
    const controller = clock.abortController();
    const { signal } = controller;
    const cancelTimer = clock.after(DIAL_TIMEOUT_MS, () => {
      controller.abort(new RoostError('timeout', `device ${device} did not answer in time`));
    });
    try {
      const channel = await transport.connect(device, { signal });
      return this.#register(await open(channel, { signal }), self);
    } catch (error) {
      // The other side may have called meanwhile.
      const there = this.get(device);
      if (there) return there;
      if (signal.aborted)
        throw new RoostError('timeout', `device ${device} did not answer in time`, { cause: error });
      throw error;
    } finally {
      cancelTimer();
    }
  }

  async #answer(channel: Channel): Promise<void> {
    const { open, log } = this.#options;
    if (this.#closed || this.#unproved >= UNPROVED_MAX) {
      channel.close();
      return;
    }
    this.#unproved++;
    try {
      const remote = await open(channel, {});
      this.#register(remote, remote.peer.device);
    } catch (error) {
      log.info('network.call-refused', {
        device: channel.claimed,
        fault: faultOf(error),
        message: messageOf(error),
      });
    } finally {
      this.#unproved--;
    }
  }

  /** @returns the session to use with that device */
  #register(remote: Remote, caller: DeviceId): Remote {
    const { clock, onOpened } = this.#options;
    const { device } = remote.peer;
    if (this.#closed || remote.closed) {
      remote.close('this device is leaving');
      throw new RoostError('unreachable', `session with ${device} ended at once`);
    }
    const line: Line = { remote, caller, since: clock.monotonic() };
    remote.onClose(() => {
      this.#ended(line);
    });
    const former = this.#lines.get(device);
    if (former !== undefined && this.#keepsFormer(former, line)) {
      this.#linger(line);
      return former.remote;
    }
    this.#lines.set(device, line);
    if (former) this.#linger(former);
    else onOpened(remote);
    this.#expecting.get(device)?.(remote);
    return remote;
  }

  /**
   * When both called at once, both keep the call of the device with the lower id. A later call means that the other side knows of
   * no session: it has lost the former one, whatever it looks like from here.
   */
  #keepsFormer(former: Line, later: Line): boolean {
    if (former.remote.closed || later.since - former.since >= SIMULTANEOUS_MS) return false;
    return former.caller < later.caller;
  }

  #linger(line: Line): void {
    const { device } = line.remote.peer;
    const lines = this.#lingering.get(device) ?? new Set();
    this.#lingering.set(device, lines.add(line));
    const [oldest] = lines;
    if (lines.size > LINGERING_MAX) oldest?.remote.close('newer sessions replaced this one');
    this.#options.clock.after(LINGER_MS, () => {
      if (this.#lingering.get(device)?.has(line) === true)
        line.remote.close('another session replaced this one');
    });
  }

  #ended(line: Line): void {
    const { device } = line.remote.peer;
    const lingering = this.#lingering.get(device);
    lingering?.delete(line);
    if (lingering?.size === 0) this.#lingering.delete(device);
    if (this.#lines.get(device) !== line) return;
    const [spare] = [...(lingering ?? [])].filter(({ remote }) => !remote.closed);
    if (spare) {
      lingering?.delete(spare);
      this.#lines.set(device, spare);
      return;
    }
    this.#lines.delete(device);
    this.#options.onClosed(device);
  }
}
