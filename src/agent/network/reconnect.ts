import { faultOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';

const FIRST_MS = 1000;
const LONGEST_MS = 5 * 60_000;
/** One that is said not to be there is called this often all the same: the broker may lie, or be wrong. */
const SELDOM_MS = 4 * 3_600_000;
/** A session that ends so soon after the last one is no better than a call that failed: such a partner must not be called without end. */
const BRIEF_MS = 60_000;
/** Who comes and goes so often in a row is not called at once any more when it is said to be there. */
const FLAPS_MAX = 5;
/** The device with the higher id lets the other call first, so that rarely both do. */
const COURTESY_MS = 1500;

export interface ReconnectOptions {
  readonly self: DeviceId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly isConnected: (device: DeviceId) => boolean;
  /** whether somebody says that a device is not there now, who will tell when it is */
  readonly isAbsent: (device: DeviceId) => boolean;
  /** whether there is neither a broker nor any session: most likely this device has no network */
  readonly isIsolated: () => boolean;
  readonly connect: (device: DeviceId) => Promise<unknown>;
}

interface Attempt {
  failures: number;
  cancel: (() => void) | undefined;
  calling: boolean;
  /** its next call waits long */
  seldom: boolean;
  /** when its last session ended (monotonic) */
  closedAt: number;
  /** its sessions end as soon as they are open */
  brief: boolean;
}

/**
 * Keeps calling the devices it is told to want, with pauses that double up to five minutes, or of some hours while they are said not to be
 * there or nobody can be reached; each pause is spread by chance.
 */
export class Reconnect {
  readonly #options: ReconnectOptions;
  readonly #wanted = new Map<DeviceId, Attempt>();
  #stopped = false;

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  /** The devices wanted from now on; one that nobody calls any more is called again. */
  want(devices: ReadonlySet<DeviceId>): void {
    const { isConnected } = this.#options;
    for (const [device, attempt] of this.#wanted) {
      if (devices.has(device)) continue;
      attempt.cancel?.();
      this.#wanted.delete(device);
    }
    for (const device of devices) {
      const attempt = this.#wanted.get(device);
      if (attempt === undefined) this.soon(device, true);
      else if (!attempt.calling && attempt.cancel === undefined && !isConnected(device))
        this.#afterMoment(device, attempt);
    }
  }

  /**
   * A device is (or may be) there again: tries at once, give or take. That is no news of one whose sessions end as soon as they are open.
   * @param add wants it from now on
   */
  soon(device: DeviceId, add = false): void {
    let attempt = this.#wanted.get(device);
    if (attempt === undefined) {
      if (!add) return;
      attempt = {
        failures: 0,
        cancel: undefined,
        calling: false,
        seldom: false,
        closedAt: -Infinity,
        brief: false,
      };
      this.#wanted.set(device, attempt);
    }
    if (attempt.brief && attempt.failures > FLAPS_MAX && attempt.cancel !== undefined) return;
    if (!attempt.brief) attempt.failures = 0;
    this.#afterMoment(device, attempt);
  }

  /** A session with it has ended: tries again at once, or with growing pauses while its sessions end as soon as they are open. */
  closed(device: DeviceId): void {
    const attempt = this.#wanted.get(device);
    if (attempt === undefined) return;
    const now = this.#options.clock.monotonic();
    attempt.brief = now - attempt.closedAt < BRIEF_MS + 2 * pauseAfter(attempt.failures);
    attempt.closedAt = now;
    if (!attempt.brief) this.soon(device);
    else {
      attempt.failures++;
      this.#afterPause(device, attempt);
    }
  }

  /** What was known of who can be reached may hold no longer: those who are not said to be away need not wait. */
  unsure(): void {
    const { isAbsent } = this.#options;
    for (const [device, attempt] of this.#wanted) {
      if (attempt.seldom && !isAbsent(device)) this.#afterMoment(device, attempt);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const attempt of this.#wanted.values()) attempt.cancel?.();
    this.#wanted.clear();
  }

  #afterMoment(device: DeviceId, attempt: Attempt): void {
    const { self, random } = this.#options;
    this.#after(device, attempt, (self < device ? 0 : COURTESY_MS) + random.fraction() * FIRST_MS);
  }

  #afterLong(device: DeviceId, attempt: Attempt): void {
    this.#after(device, attempt, SELDOM_MS * (0.5 + this.#options.random.fraction()));
    attempt.seldom = true;
  }

  #after(device: DeviceId, attempt: Attempt, ms: number): void {
    if (this.#stopped || attempt.calling) return;
    attempt.cancel?.();
    attempt.seldom = false;
    attempt.cancel = this.#options.clock.after(Math.round(ms), () => void this.#call(device, attempt));
  }

  async #call(device: DeviceId, attempt: Attempt): Promise<void> {
    const { isConnected, isAbsent, isIsolated, connect, log } = this.#options;
    attempt.cancel = undefined;
    if (isConnected(device)) return;
    // After the long pause it is called whatever is said of it.
    const insists = attempt.seldom;
    attempt.seldom = false;
    if (!insists && isAbsent(device)) {
      this.#afterLong(device, attempt);
      return;
    }
    attempt.calling = true;
    let failed = false;
    try {
      await connect(device);
    } catch (error) {
      failed = true;
      attempt.failures++;
      log.debug('network.call-failed', { device, fault: faultOf(error), failures: attempt.failures });
    }
    attempt.calling = false;
    // A session may have ended before this is known here: who said so then found a call under way.
    if ((!failed && isConnected(device)) || this.#wanted.get(device) !== attempt) return;
    if (isAbsent(device) || isIsolated()) {
      this.#afterLong(device, attempt);
      return;
    }
    this.#afterPause(device, attempt);
  }

  #afterPause(device: DeviceId, attempt: Attempt): void {
    this.#after(device, attempt, pauseAfter(attempt.failures) * (0.5 + this.#options.random.fraction()));
  }
}

function pauseAfter(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
}
