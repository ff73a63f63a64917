import type { DeviceId } from '../../core/ids.ts';
import type { Cancellable, OnReached } from '../../core/progress.ts';
import type { SpacePromises } from '../host/promises.ts';
import type { Remote } from '../session/types.ts';
import type { AgreementBook, BookEntry } from './agreement-book.ts';
import type { AgreeingParts } from './agreeing.ts';
import { agreeWith, endsSoon } from './agreeing.ts';
import type { Candidate } from './candidates.ts';
import { findCandidates } from './candidates.ts';
import type { CooperationOptions } from './options.ts';
import type { PartnerBook } from './partner-book.ts';
import { agreeWithMany, partnersLacking, strangersWanted } from './partnering.ts';
import { candidateRanking, mayBeAsked } from './ranking.ts';
import { Rooms } from './rooms.ts';
import type { RosterBook } from './roster-book.ts';
import type { Running } from './running.ts';
import type { Partner } from './types.ts';

/** While the broker is away, who was seen within this time is still worth a call. */
const SEEN_LATELY_MS = 3_600_000;
/** A stranger that refused has its partners, or its reasons: it is not called again for so long. */
const REFUSAL_MS = 12 * 3_600_000;

export interface PartnerSearchParts {
  readonly options: CooperationOptions;
  readonly roster: RosterBook;
  readonly book: AgreementBook;
  readonly records: PartnerBook;
  readonly promises: SpacePromises;
  /** partners in good standing, adopted ones left out */
  readonly standing: () => readonly Partner[];
}

interface Search {
  /** so many partners are wanted in any case, and as many as keep packs as safe as they are to be */
  readonly atLeast: number;
  readonly signal: Cancellable['signal'];
  readonly onReached: OnReached | undefined;
}

/** Finds partners among the members in reach, and agrees with them. */
export class PartnerSearch {
  readonly #parts: PartnerSearchParts;
  readonly #rooms: Rooms;
  /** strangers that refused, and when (monotonic) */
  readonly #refusals = new Map<DeviceId, number>();

  constructor(parts: PartnerSearchParts) {
    this.#parts = parts;
    this.#rooms = new Rooms(parts.options.platform.clock, parts.records);
  }

  /**
   * Agrees with all partners in reach on `bytes` more each, and with strangers as long as there are too few partners.
   * @returns the ruling entries; `fresh` were made just now
   * @throws RoostError 'aborted'
   */
  async find(
    running: Running,
    bytes: number,
    { atLeast, signal, onReached }: Search,
  ): Promise<readonly { readonly entry: BookEntry; readonly fresh: boolean }[]> {
    const { options, roster, book, records, promises, standing } = this.#parts;
    const { platform, identity, host } = options;
    const { crypto, clock, log } = platform;
    const { directory, sessions } = running;
    const now = clock.now();
    const partners = standing();
    const wanted = strangersWanted(
      partners.map(({ odds, online }) => ({ availability: odds.availability, inReach: online })),
      partnersLacking(partners, atLeast),
    );
    const rounds = await findCandidates({
      account: identity.keys.account,
      roster: roster.roster,
      crypto,
      now,
      connected: sessions.connected(),
      // Who keeps pieces for a lost device of the account is asked to go on with this one.
      agreements: [...book.ruling(), ...book.adopted()],
      directory: directory.entries(),
      mayBeAsked: (device) => mayBeAsked(records, device, now) && !this.#hasRefused(device),
      strangers: wanted > 0,
      rank: candidateRanking({
        now,
        self: identity.device,
        zone: platform.about.zone,
        own: directory.get(identity.device),
        listed: (device) => directory.get(device),
        records,
        partners: partners.map(({ device }) => device),
        wanted: bytes,
        free: await promises.free(),
        renegedOn: (who) => host.reports.renegedOn(who, now),
      }),
      mayBeThere: (device) => this.#mayBeThere(running, device, now),
    });
    const parts = {
      ...this.#agreeing(),
      log,
      onReached,
      session: ({ device }: { readonly device: DeviceId }, cancel: NonNullable<Cancellable['signal']>) =>
        sessions.session(device, { signal: cancel }),
      onRefused: ({ device, stranger }: Candidate) => {
        if (stranger) this.#refusals.set(device, clock.monotonic());
      },
    };
    const known = new Set(book.all().map(({ agreement }) => agreement.id));
    const agreed = await agreeWithMany(parts, rounds, bytes, wanted, signal);
    return agreed.map((entry) => ({ entry, fresh: !known.has(entry.agreement.id) }));
  }

  /** Makes the agreement with a partner in good standing anew when it ends soon. @returns whether it did @throws what `agreeWith` throws */
  async renew(remote: Remote): Promise<boolean> {
    const { options, book, records } = this.#parts;
    const { device } = remote.peer;
    const ruling = book.with(device)[0];
    if (ruling?.endedAt !== 0 || !endsSoon(ruling.agreement, options.platform.clock.now())) return false;
    if (records.get(device).standing.state !== 'active') return false;
    await agreeWith(this.#agreeing(), remote, 0);
    return true;
  }

  #hasRefused(device: DeviceId): boolean {
    const at = this.#refusals.get(device);
    return at !== undefined && this.#parts.options.platform.clock.monotonic() - at < REFUSAL_MS;
  }

  #mayBeThere({ rendezvous, directory }: Running, device: DeviceId, now: number): boolean {
    return rendezvous.status.online
      ? directory.isOnline(device)
      : now - this.#parts.records.get(device).lastSeenAt < SEEN_LATELY_MS;
  }

  #agreeing(): AgreeingParts {
    const { options, roster, book, records, promises } = this.#parts;
    const { platform, identity, cooperative } = options;
    return {
      crypto: platform.crypto,
      clock: platform.clock,
      account: identity.keys.account,
      signer: identity.signer,
      cooperative,
      book,
      promises,
      rooms: this.#rooms,
      records,
      policy: () => roster.roster.policy,
    };
  }
}
