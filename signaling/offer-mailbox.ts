import type { DeviceId } from '../src/core/ids.ts';

interface Waiting {
  readonly messages: string[];
  readonly timer: NodeJS.Timeout;
}

/**
 * Signals for devices that are away for a moment: they wait with the sender's broker, a few for a few seconds, and go when
 * their sender goes.
 */
export class OfferMailbox {
  readonly #waitMs: number;
  readonly #messagesMax: number;
  readonly #byDestination = new Map<DeviceId, Map<DeviceId, Waiting>>();
  readonly #bySource = new Map<DeviceId, Set<DeviceId>>();

  constructor(bounds: { readonly mailboxMs: number; readonly mailboxMessages: number }) {
    this.#waitMs = bounds.mailboxMs;
    this.#messagesMax = bounds.mailboxMessages;
  }

  /**
   * Keeps a message. `onExpired` of the first message is called once when the time is over for all from this source.
   * @returns false when the source has too many waiting
   */
  put(source: DeviceId, destination: DeviceId, message: string, onExpired: () => void): boolean {
    if (this.#count(source) >= this.#messagesMax) return false;
    const sources = this.#byDestination.get(destination) ?? new Map<DeviceId, Waiting>();
    this.#byDestination.set(destination, sources);
    const waiting = sources.get(source);
    if (waiting !== undefined) {
      waiting.messages.push(message);
      return true;
    }
    const timer = setTimeout(() => {
      this.#drop(source, destination);
      onExpired();
    }, this.#waitMs);
    timer.unref();
    sources.set(source, { messages: [message], timer });
    const destinations = this.#bySource.get(source) ?? new Set();
    this.#bySource.set(source, destinations.add(destination));
    return true;
  }

  /** Whether this source has signals waiting for the destination: later ones must not overtake them. */
  holds(source: DeviceId, destination: DeviceId): boolean {
    return this.#byDestination.get(destination)?.has(source) ?? false;
  }

  /** Whether anything waits for the destination. */
  expects(destination: DeviceId): boolean {
    return this.#byDestination.has(destination);
  }

  /** Takes all that waits for a destination, in order for each source. */
  take(destination: DeviceId): readonly string[] {
    const sources = this.#byDestination.get(destination);
    if (sources === undefined) return [];
    return [...sources].flatMap(([source, { messages }]) => {
      this.#drop(source, destination);
      return messages;
    });
  }

  /** Drops all from a source. */
  forget(source: DeviceId): void {
    for (const destination of [...(this.#bySource.get(source) ?? [])]) this.#drop(source, destination);
  }

  #count(source: DeviceId): number {
    let count = 0;
    for (const destination of this.#bySource.get(source) ?? []) {
      count += this.#byDestination.get(destination)?.get(source)?.messages.length ?? 0;
    }
    return count;
  }

  #drop(source: DeviceId, destination: DeviceId): void {
    const sources = this.#byDestination.get(destination);
    clearTimeout(sources?.get(source)?.timer);
    sources?.delete(source);
    if (sources?.size === 0) this.#byDestination.delete(destination);
    const destinations = this.#bySource.get(source);
    destinations?.delete(destination);
    if (destinations?.size === 0) this.#bySource.delete(source);
  }
}
