import { RoostError } from '../../core/errors.ts';
import type { AccountId, AgreementId, DeviceId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import type { ShardStore } from './shard-store.ts';

const DAY_MS = 24 * 3_600_000;

/** The agreement was ended, or its time and its grace are over: what is held stays readable, nothing new is taken. */
export function isOver({ agreement, endedAt }: BookEntry, now: number): boolean {
  return endedAt > 0 || now > agreement.expiresAt + agreement.graceDays * DAY_MS;
}

export interface SpacePromisesParts {
  readonly store: ShardStore;
  readonly book: AgreementBook;
  readonly clock: Clock;
  /** bytes this device gives in all */
  readonly offered: () => number;
}

/** What this device has promised of its space, and what it can still promise. */
export class SpacePromises {
  readonly #parts: SpacePromisesParts;
  /** set aside for agreements being made, by the other device; of several the largest counts */
  readonly #pending = new Map<DeviceId, Set<{ readonly bytes: number }>>();

  constructor(parts: SpacePromisesParts) {
    this.#parts = parts;
  }

  /** Agreements of the same two devices share one allowance. */
  group(device: DeviceId): readonly AgreementId[] {
    return this.#parts.book.with(device).map(({ agreement }) => agreement.id);
  }

  /** Bytes held for another device under all agreements with it. */
  heldFor(device: DeviceId): number {
    return this.group(device).reduce((sum, id) => sum + this.#parts.store.usage(id).bytes, 0);
  }

  /** Bytes held for all devices of an account. */
  heldForAccount(account: AccountId): number {
    const { book, store } = this.#parts;
    return book
      .all()
      .filter(({ adopted, theirs }) => !adopted && theirs.account === account)
      .reduce((sum, { agreement }) => sum + store.usage(agreement.id).bytes, 0);
  }

  /** Bytes promised to one device: what the newest agreement says, or what is held when that is more. */
  to(device: DeviceId): number {
    const { book, clock } = this.#parts;
    const ruling = book.with(device)[0];
    const given = ruling === undefined || isOver(ruling, clock.now()) ? 0 : ruling.ours.gives;
    return Math.max(given, this.heldFor(device));
  }

  /** Bytes promised to all, with agreements being made. */
  get promised(): number {
    const devices = new Set([
      ...this.#parts.book.ruling().map(({ theirs }) => theirs.device),
      ...this.#pending.keys(),
    ]);
    let sum = 0;
    for (const device of devices) sum += Math.max(this.to(device), this.#asideFor(device));
    return sum;
  }

  /** Bytes not promised yet, bounded by what the platform has left. */
  async free(): Promise<number> {
    const { store, offered } = this.#parts;
    const platform = await store.platformFree();
    const { promised } = this;
    const unfilled = Math.max(0, promised - store.held);
    return Math.max(0, Math.min(offered() - promised, platform - unfilled));
  }

  /**
   * Sets space aside for an agreement that is being made with a device, until the function returned is called.
   * @param least fewer bytes are of no use: 'full' is thrown with numbers
   * @returns bytes that may be given, at most `wanted`
   */
  async setAside(
    device: DeviceId,
    wanted: number,
    least: number,
  ): Promise<{ readonly bytes: number; readonly done: () => void }> {
    const most = (await this.free()) + Math.max(this.to(device), this.#asideFor(device));
    if (least > most)
      throw new RoostError('full', `${most} bytes are left to promise, ${least} are asked for`);
    const aside = { bytes: Math.min(wanted, most) };
    const asides = this.#pending.get(device) ?? new Set();
    this.#pending.set(device, asides.add(aside));
    const done = (): void => {
      asides.delete(aside);
      if (asides.size === 0 && this.#pending.get(device) === asides) this.#pending.delete(device);
    };
    return { bytes: aside.bytes, done };
  }

  #asideFor(device: DeviceId): number {
    let most = 0;
    for (const { bytes } of this.#pending.get(device) ?? []) most = Math.max(most, bytes);
    return most;
  }
}
