import type { Bytes } from '../../core/bytes.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import type { CooperativeId, DeviceId } from '../../core/ids.ts';
import { admitEntry } from '../../core/roster/build.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Rendezvous } from '../../ports/rendezvous.ts';
import type { Remote } from '../session/types.ts';
import type { RosterBook, RosterSync } from './roster-book.ts';

/** Strangers who call must not make us ask the broker more often than this. */
const ASK_AGAIN_MS = 2000;
/** Partners come and go all day; while our copy stays as it is, one of them is asked again after this time. */
const PARTNER_AGAIN_MS = 6 * 3_600_000;
/** Devices of which it is remembered when they were asked; the longest remembered is forgotten first. */
const ASKED_MAX = 1024;

export interface RosterSyncerParts {
  readonly book: RosterBook;
  readonly rendezvous: Rendezvous;
  readonly cooperative: CooperativeId;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}

/** Keeps the roster copy like the others': the broker's and every partner's count alike, the chain itself decides. */
export class RosterSyncer {
  readonly #parts: RosterSyncerParts;
  #asking: Promise<void> | undefined;
  #askedAt = -Infinity;
  /** when any partner was asked last (monotonic), and the head of our copy then */
  #gossiped: { readonly at: number; readonly head: Bytes | undefined } = { at: -Infinity, head: undefined };
  /** when each device was asked (monotonic), and the head of our copy after that */
  readonly #asked = new Map<DeviceId, { readonly at: number; readonly head: Bytes }>();

  constructor(parts: RosterSyncerParts) {
    this.#parts = parts;
  }

  /** Compares with the broker's copy, and gives it what it lost. Never rejects. */
  withBroker(): Promise<void> {
    this.#asking ??= this.#guarded('broker', () => this.#askBroker()).finally(
      () => (this.#asking = undefined),
    );
    return this.#asking;
  }

  /** As `withBroker`, unless it was asked a moment ago. */
  async withBrokerSometimes(): Promise<void> {
    const now = this.#parts.clock.monotonic();
    if (this.#asking === undefined && now - this.#askedAt < ASK_AGAIN_MS) return;
    await this.withBroker();
  }

  /** Compares with a partner's copy. Never rejects. */
  withPartner(remote: Remote): Promise<void> {
    const { book, cooperative, clock } = this.#parts;
    const { device } = remote.peer;
    return this.#guarded(device, async () => {
      this.#tell(await book.sync((from) => remote.roster(cooperative, from)));
      this.#asked.delete(device);
      this.#asked.set(device, { at: clock.monotonic(), head: book.roster.head });
      const [oldest] = this.#asked.keys();
      if (this.#asked.size > ASKED_MAX && oldest !== undefined) this.#asked.delete(oldest);
    });
  }

  /**
   * As `withPartner`, unless it was asked lately and our copy has not changed since. While the broker answers, one partner each
   * six hours is enough to find out whether it hides something.
   */
  async withPartnerSometimes(remote: Remote): Promise<void> {
    const { book, clock, rendezvous } = this.#parts;
    const now = clock.monotonic();
    const gossiped = now - this.#gossiped.at < PARTNER_AGAIN_MS && this.#gossiped.head === book.roster.head;
    if (rendezvous.status.online && gossiped) return;
    this.#gossiped = { at: now, head: book.roster.head };
    const asked = this.#asked.get(remote.peer.device);
    const lately = asked !== undefined && clock.monotonic() - asked.at < PARTNER_AGAIN_MS;
    if (lately && asked.head === book.roster.head) return;
    await this.withPartner(remote);
  }

  /**
   * Compares with the partner that was asked longest ago, unless one was asked lately: sessions stay open for days, and a broker may
   * lie all the while.
   */
  async withOldestOf(remotes: readonly Remote[]): Promise<void> {
    if (this.#parts.clock.monotonic() - this.#gossiped.at < PARTNER_AGAIN_MS) return;
    const askedAt = ({ peer }: Remote): number => this.#asked.get(peer.device)?.at ?? -Infinity;
    const [oldest] = remotes.toSorted((a, b) => askedAt(a) - askedAt(b));
    if (oldest !== undefined) await this.withPartnerSometimes(oldest);
  }

  async #askBroker(): Promise<void> {
    const { book, rendezvous, cooperative, clock } = this.#parts;
    this.#askedAt = clock.monotonic();
    const sync = await book.sync((from) => rendezvous.roster(cooperative, from));
    this.#tell(sync);
    if (sync.lacks) {
      for (const [index, entry] of sync.lacks.entries.entries()) {
        if (!(await rendezvous.appendRoster(cooperative, sync.lacks.from + index, entry))) return;
      }
    }
    // Members who came in on a branch that was given up are let in again, if their invites still allow it.
    for (const admission of sync.lost) {
      const { roster } = book;
      if (await rendezvous.appendRoster(cooperative, roster.length, admitEntry(roster, admission))) {
        this.#tell(await book.sync((from) => rendezvous.roster(cooperative, from)));
      }
    }
  }

  #tell({ changed }: RosterSync): void {
    if (changed) this.#parts.onChange();
  }

  async #guarded(other: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#parts.log.debug('network.roster-not-read', {
        other,
        fault: faultOf(error),
        message: messageOf(error),
      });
    }
  }
}
