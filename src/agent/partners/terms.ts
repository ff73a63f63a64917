import type { DeviceId } from '../../core/ids.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import { makePartnerList } from '../../core/partnership/partner-list.ts';
import { PARTNER_LIST_MAX_PARTNERS } from '../../core/wire/limits.ts';
import type { AgentContext } from '../context.ts';
import type { BookEntry } from '../network/agreement-book.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import type { Remote } from '../session/types.ts';
import type { Tell } from './tell.ts';

/** Heads name the partners, too; lists are for what changes between them, so once a day will do. */
const SPREAD_LOOKS = 24;
/** Who has the list as it is now: the agreements that it names, then the devices that took it. */
const LISTED_KEY = 'listed';

export interface TermsParts {
  readonly context: AgentContext;
  readonly cooperation: OpenCooperation;
  readonly nameOf: (device: DeviceId) => string;
  readonly tell: Tell;
}

/** What partners have agreed on goes on: renewed before it ends, told to the user, and the list of partners kept by the partners. */
export class Terms {
  readonly #parts: TermsParts;
  /** the ruling agreements at the last look; undefined before the first */
  #known: ReadonlyMap<DeviceId, BookEntry> | undefined;
  #looks = 0;
  /** partners that have the list of partners as it is now, and what it names; undefined before it is read */
  #listed: { readonly names: string; readonly by: Set<string> } | undefined;

  constructor(parts: TermsParts) {
    this.#parts = parts;
  }

  /** Does what is due; a partner that does not answer is passed over. */
  async look(): Promise<void> {
    const { cooperation } = this.#parts;
    for (const remote of cooperation.connected()) {
      await this.#guarded(remote, () => cooperation.renewAgreement(remote));
    }
    this.#tellNews();
    if (++this.#looks % SPREAD_LOOKS === 0) await this.#spreadList();
  }

  /** A partner is connected: it may have been away when our newest head went round. Never rejects. */
  async greeted(remote: Remote): Promise<void> {
    const { context, cooperation } = this.#parts;
    const { device } = remote.peer;
    const going = this.#going().some(({ theirs }) => theirs.device === device);
    if (!going || this.#hasNewestHead(device)) return;
    await this.#guarded(remote, async () => {
      const { seq, sealed } = await context.repository.ownHead();
      if (!sealed || cooperation.records.get(device).headSeq >= seq) return;
      await remote.putHead(context.keys.rendezvous, sealed);
      cooperation.notes.headTaken(device, seq);
    });
  }

  /** Whether nobody has a newer head of ours: one that nobody has yet is brought round by the run that made it. */
  #hasNewestHead(device: DeviceId): boolean {
    const { records } = this.#parts.cooperation;
    const { headSeq } = records.get(device);
    return headSeq > 0 && this.#going().every(({ theirs }) => records.get(theirs.device).headSeq <= headSeq);
  }

  #tellNews(): void {
    const { cooperation, nameOf, tell } = this.#parts;
    const before = this.#known;
    const now = new Map(this.#going().map((entry) => [entry.theirs.device, entry]));
    this.#known = now;
    if (before === undefined) return;
    for (const [device, { agreement, ours, theirs }] of now) {
      const former = before.get(device);
      if (former?.agreement.id === agreement.id) continue;
      const facts = { device, name: nameOf(device), bytes: theirs.gives };
      const resized = former?.theirs.gives !== theirs.gives || former.ours.gives !== ours.gives;
      if (former === undefined) tell('agreement-made', facts);
      else tell(resized ? 'agreement-resized' : 'agreement-renewed', facts);
      // New terms are proved soon, however well the old ones were kept.
      cooperation.records.update(device, { auditAt: 0 });
    }
  }

  #going(): readonly BookEntry[] {
    return this.#parts.cooperation.agreements.ruling().filter(({ endedAt }) => endedAt === 0);
  }

  /** Partners keep the list, so that it survives this device: who restores asks them who else holds. */
  async #spreadList(): Promise<void> {
    const { context, cooperation } = this.#parts;
    const partners = this.#going()
      .slice(0, PARTNER_LIST_MAX_PARTNERS)
      .map(({ agreement, theirs }) => ({
        device: theirs.device,
        account: theirs.account,
        agreement: agreement.id,
      }));
    const names = partners.map(({ agreement }) => agreement).join();
    this.#listed ??= await this.#readListed();
    if (this.#listed.names !== names) this.#listed = { names, by: new Set() };
    const { by } = this.#listed;
    const without = cooperation
      .connected()
      .filter(({ peer }) => !by.has(peer.device) && partners.some(({ device }) => device === peer.device));
    if (without.length === 0) return;
    const list = await makePartnerList(context.platform.crypto, context.signer, {
      cooperative: cooperation.roster.cooperative,
      certificate: context.certificate,
      at: context.platform.clock.now(),
      partners,
    });
    for (const remote of without) {
      await this.#guarded(remote, async () => {
        await remote.putPartnerList(list);
        by.add(remote.peer.device);
      });
    }
    const { repository } = context;
    await repository.apply([repository.operations.state(LISTED_KEY, [names, ...by])]);
  }

  async #readListed(): Promise<{ readonly names: string; readonly by: Set<string> }> {
    const kept = await this.#parts.context.repository.state(LISTED_KEY);
    const texts = Array.isArray(kept) ? kept.filter((text) => typeof text === 'string') : [];
    return { names: texts[0] ?? '', by: new Set(texts.slice(1)) };
  }

  async #guarded(remote: Remote, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      const { log } = this.#parts.context.platform;
      const { device } = remote.peer;
      log.debug('partners.terms-wait', { device, fault: faultOf(error), message: messageOf(error) });
    }
  }
}
