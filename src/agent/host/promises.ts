import { RoostError } from '../../core/errors.ts';
import type { AccountId, AgreementId, DeviceId } from '../../core/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import type { ShardStore } from './shard-store.ts';

const DAY_MS = 24 * 3_600_000;

/** The agreement's time and its grace are over: what is held stays readable, nothing new is taken. */
export function isOver({ agreement }: BookEntry, now: number): boolean {
  return now > agreement.expiresAt + agreement.graceDays * DAY_MS;
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
  /** for agreements being made, by the other device */
  readonly #pending = new Map<DeviceId, number>();

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
    for (const device of devices) sum += Math.max(this.to(device), this.#pending.get(device) ?? 0);
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
    const most = (await this.free()) + Math.max(this.to(device), this.#pending.get(device) ?? 0);
    if (least > most)
      throw new RoostError('full', `${most} bytes are left to promise, ${least} are asked for`);
    const bytes = Math.min(wanted, most);
    const before = this.#pending.get(device) ?? 0;
    this.#pending.set(device, Math.max(before, bytes));
    const done = (): void => {
      if (before === 0) this.#pending.delete(device);
      else this.#pending.set(device, before);
    };
    return { bytes, done };
  }
}
