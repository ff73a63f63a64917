import { faultOf, messageOf } from '../../core/errors.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountId, DeviceId } from '../../core/ids.ts';
import { makeLeaveNotice } from '../../core/partnership/leave-notice.ts';
import type { LeaveNotice } from '../../core/partnership/leave-notice.ts';
import { isCaught } from '../../core/partnership/state.ts';
import type { RenegeReport } from '../../core/partnership/renege-report.ts';
import { makeRenegeReport } from '../../core/partnership/renege-report.ts';
import type { AgentContext } from '../context.ts';
import type { Duties } from '../delegate/duties.ts';
import { dropAll } from '../host/drop-all.ts';
import type { Host } from '../host/host.ts';
import type { Notice } from '../host/notices.ts';
import { compareLedger } from '../ledgers/reconcile.ts';
import { Limiter } from '../../core/limiter.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import type { Remote } from '../session/types.ts';
import type { Transition } from './standings.ts';
import type { Tell } from './tell.ts';

const DAY_MS = 24 * 3_600_000;
/** Time that both sides have to move their pieces when an agreement is left in order. */
const LEAVE_MS = 14 * DAY_MS;
/** An agreement that is over and holds nothing is remembered so long, to be shown. */
const REMEMBER_ENDED_MS = 30 * DAY_MS;
/**
 * What is held for a member of a team that only fell silent is kept for so long after the agreement has ended, unless the space is
 * needed: a broken computer is not replaced within a fortnight by everybody.
 */
const KEEP_SILENT_MS = 180 * DAY_MS;
/** Space is needed when more than this share of the offer is promised. */
const CROWDED_SHARE = 0.9;
/** Partners told of one that reneged. */
const TOLD_MAX = 16;

export interface EndingsParts {
  readonly context: AgentContext;
  readonly cooperation: OpenCooperation;
  readonly host: Host;
  readonly duties: Duties;
  readonly heldBy: (device: DeviceId) => number;
  readonly nameOf: (device: DeviceId) => string;
  readonly tell: Tell;
  /** pieces are gone, or will be: repair is wanted at once */
  readonly onLost: () => void;
}

/** How partnerships end: reneged ones are told, reported and dropped; left ones end when both sides have moved; losses are heard and told. */
export class Endings {
  readonly #parts: EndingsParts;
  readonly #oneByOne = new Limiter(1);
  /** losses that wait for their turn, by agreement and cause: the ledger tells all of them at once */
  readonly #losses = new Set<string>();
  /** own losses told to the owner in this run, by agreement: so many pieces */
  readonly #toldLosses = new Map<string, number>();

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  async settled(): Promise<void> {
    await this.#oneByOne.ready();
  }

  /** Something ended: what follows is done soon, and again at each look until it is done. */
  transitioned({ device, to }: Transition): void {
    if (to.state === 'reneged') void this.#guarded(device, () => this.#renege(device));
    else if (to.state === 'evicted') void this.#guarded(device, () => this.#evicted(device));
    else if (to.state === 'leaving') this.#parts.onLost();
  }

  /** What is not finished yet. */
  async carryOn(): Promise<void> {
    const { context, cooperation, host } = this.#parts;
    const now = context.platform.clock.now();
    // What was found to be rotten while its owner was connected all along.
    if (host.store.lost > 0) {
      for (const remote of cooperation.connected())
        await this.#guarded(remote.peer.device, () => this.#tellLosses(remote));
    }
    for (const { theirs, agreement, endedAt } of [...cooperation.agreements.ruling()]) {
      const { device } = theirs;
      const { standing } = cooperation.records.get(device);
      const isMember = cooperation.roster.members.has(theirs.account);
      if (!isMember && endedAt === 0) await this.#guarded(device, () => this.#end(device));
      else if (standing.state === 'reneged' && endedAt === 0) {
        await this.#guarded(device, () => this.#renege(device));
      } else if (
        standing.state === 'leaving' &&
        endedAt === 0 &&
        this.#hasMoved(device, standing.since, now)
      ) {
        await this.#guarded(device, () => this.#end(device));
      } else if (endedAt > 0 && this.#mustGo(theirs.account, device, endedAt, now)) {
        await this.#guarded(device, () => this.#drop(device));
      } else if (endedAt > 0 && now - endedAt > REMEMBER_ENDED_MS) {
        const empty = cooperation.agreements
          .with(device)
          .filter(
            (entry) => host.store.usage(entry.agreement.id).rows === 0 && this.#parts.heldBy(device) === 0,
          )
          .map((entry) => entry.agreement.id);
        if (empty.includes(agreement.id)) await cooperation.agreements.forget(empty);
      }
    }
  }

  /** A partner is connected: it is told what it must know. */
  async greeted(remote: Remote): Promise<void> {
    const { device } = remote.peer;
    await this.#guarded(device, async () => {
      await this.#tellLosses(remote);
      await this.#tellReneged(remote);
      await this.#tellLeaving(remote);
    });
  }

  /** A partner told us something. */
  async noticed(notice: Notice): Promise<void> {
    if (notice.kind === 'loss') {
      const key = `${notice.loss.agreement} ${notice.loss.cause}`;
      if (this.#losses.has(key)) return;
      this.#losses.add(key);
      await this.#guarded(notice.peer.device, () => {
        this.#losses.delete(key);
        return this.#noticed(notice);
      });
      return;
    }
    await this.#guarded(notice.peer.device, () => this.#noticed(notice));
  }

  /** Leaves the agreement with a partner in order. @throws RoostError 'not-found' without one */
  async leave(device: DeviceId): Promise<void> {
    const { context, cooperation } = this.#parts;
    const ruling = cooperation.agreements.with(device)[0];
    if (ruling === undefined || ruling.endedAt > 0) {
      throw new RoostError('not-found', `there is no agreement with device ${device}`);
    }
    const at = context.platform.clock.now();
    const until = at + LEAVE_MS;
    const notice = await makeLeaveNotice(context.platform.crypto, context.signer, {
      agreement: ruling.agreement.id,
      device: context.device,
      at,
      until,
    });
    const { repository } = context;
    await repository.apply([repository.operations.state(leaveKey(device), notice)]);
    cooperation.judge(device, { kind: 'leaving', until });
    const remote = cooperation.connected().find(({ peer }) => peer.device === device);
    if (remote) await this.#guarded(device, () => this.#tellLeaving(remote));
  }

  /** Who was not there when we left hears of it when we meet again. */
  async #tellLeaving(remote: Remote): Promise<void> {
    const { context, cooperation } = this.#parts;
    const { repository } = context;
    const { device } = remote.peer;
    if (cooperation.records.get(device).standing.state !== 'leaving') return;
    const notice = await repository.state(leaveKey(device));
    if (!(notice instanceof Uint8Array)) return;
    await remote.leave(notice.slice());
    await repository.apply([repository.operations.state(leaveKey(device), null)]);
  }

  /** Nothing of either lies with the other any more, or the time is over. */
  #hasMoved(device: DeviceId, until: number, now: number): boolean {
    const { host, heldBy, cooperation } = this.#parts;
    const holding = cooperation.agreements
      .with(device)
      .some(({ agreement }) => host.store.usage(agreement.id).rows > 0);
    return now >= until || (heldBy(device) === 0 && !holding);
  }

  async #renege(device: DeviceId): Promise<void> {
    const { context, cooperation, tell, nameOf } = this.#parts;
    const ruling = cooperation.agreements.with(device)[0];
    const { standing } = cooperation.records.get(device);
    if (ruling === undefined || standing.state !== 'reneged' || ruling.endedAt > 0) return;
    const report = await makeRenegeReport(context.platform.crypto, context.signer, {
      cooperative: cooperation.roster.cooperative,
      certificate: context.certificate,
      against: { account: ruling.theirs.account, device },
      agreement: ruling.agreement.id,
      why: standing.reason === 'reneged-silent' ? 'silent' : 'wrong-bytes',
      since: Math.max(0, Math.round(standing.since - standing.graceUsedMs)),
      at: context.platform.clock.now(),
    });
    const { repository } = context;
    await repository.apply([repository.operations.state(`report/${device}`, report)]);
    await this.#end(device);
    await Promise.all(
      cooperation
        .connected()
        .slice(0, TOLD_MAX)
        .map(async (remote) => {
          try {
            await remote.report(report);
            if (remote.peer.device === device) cooperation.records.update(device, { told: true });
          } catch (error) {
            context.platform.log.info('partners.report-not-told', {
              device: remote.peer.device,
              fault: faultOf(error),
            });
          }
        }),
    );
    tell('agreement-ended', { device, name: nameOf(device) }, 'warning');
  }

  /** Ends the agreements; what is held under them goes now or later. */
  async #end(device: DeviceId): Promise<void> {
    const { context, cooperation, heldBy, onLost } = this.#parts;
    await cooperation.endAgreements(device);
    const now = context.platform.clock.now();
    const account = cooperation.agreements.with(device)[0]?.theirs.account;
    if (account !== undefined && this.#mustGo(account, device, now, now)) await this.#drop(device);
    if (heldBy(device) > 0) onLost();
  }

  async #drop(device: DeviceId): Promise<void> {
    const { context, cooperation, host } = this.#parts;
    const ids = cooperation.agreements.with(device).map(({ agreement }) => agreement.id);
    const pieces = await dropAll(host.store, ids);
    context.platform.log.info('partners.dropped', { device, pieces });
  }

  /** Whether pieces under agreements that have ended are dropped: not those of a member whose account is a partner still, or may come back. */
  #mustGo(account: AccountId, device: DeviceId, endedAt: number, now: number): boolean {
    const { cooperation, host } = this.#parts;
    const { agreements, records, roster } = cooperation;
    if (!agreements.with(device).some(({ agreement }) => host.store.usage(agreement.id).rows > 0))
      return false;
    if (!roster.members.has(account)) return true;
    const alive = agreements
      .ruling()
      .some((entry) => entry.theirs.account === account && entry.endedAt === 0);
    if (alive) return false;
    const { reason } = records.get(device).standing;
    const mayComeBack = reason === 'reneged-silent' || reason === 'evicted';
    if (!mayComeBack || roster.policy.commitmentDays > 0) return true;
    return now - endedAt > KEEP_SILENT_MS || host.promised > host.offered * CROWDED_SHARE;
  }

  /** It lost what it kept, and said so: no blame, but new terms before it is given anything again. What we keep for it stays. */
  async #evicted(device: DeviceId): Promise<void> {
    // It may have agreed anew while this waited for its turn.
    if (this.#parts.cooperation.records.get(device).standing.state !== 'evicted') return;
    await this.#parts.cooperation.endAgreements(device);
    this.#parts.onLost();
  }

  async #tellReneged(remote: Remote): Promise<void> {
    const { context, cooperation } = this.#parts;
    const { device } = remote.peer;
    const { standing, told } = cooperation.records.get(device);
    if (standing.state !== 'reneged' || told) return;
    const report = await context.repository.state(`report/${device}`);
    if (!(report instanceof Uint8Array)) return;
    await remote.report(report.slice());
    cooperation.records.update(device, { told: true });
  }

  /** What we lost of a partner's pieces, it hears from us first. */
  async #tellLosses(remote: Remote): Promise<void> {
    const { cooperation, host } = this.#parts;
    if (host.store.lost === 0) return;
    const mine = cooperation.agreements
      .all()
      .filter(({ adopted, theirs }) => !adopted && theirs.account === remote.peer.account);
    for (const { agreement } of mine) {
      const rows = host.store.lostRows(agreement.id);
      if (rows === 0 || this.#toldLosses.get(agreement.id) === rows) continue;
      const cause = host.store.usage(agreement.id).rows === 0 ? 'evicted' : 'damaged';
      await remote.tellLoss({ agreement: agreement.id, cause, rows });
      this.#toldLosses.set(agreement.id, rows);
    }
  }

  async #noticed(notice: Notice): Promise<void> {
    switch (notice.kind) {
      case 'loss':
        return this.#lossNoticed(notice);
      case 'leave':
        this.#leaveNoticed(notice.notice);
        return;
      case 'report':
        this.#reportNoticed(notice.report);
        return;
      case 'duty':
        if (await this.#parts.duties.take(notice.duty, notice.encoded)) {
          this.#parts.tell('delegate-duty', { packs: notice.duty.packs.length });
        }
        return;
      default:
        notice satisfies never;
    }
  }

  /** It says until when it serves; the time of an order is the same for all, and begins with the first word of it. */
  #leaveNoticed({ device, until }: LeaveNotice): void {
    const { context, cooperation } = this.#parts;
    const { standing } = cooperation.records.get(device);
    if (standing.state === 'leaving' || isCaught(standing)) return;
    const latest = context.platform.clock.now() + LEAVE_MS;
    cooperation.judge(device, { kind: 'leaving', until: Math.min(until, latest) });
  }

  async #lossNoticed({ peer, loss }: Extract<Notice, { kind: 'loss' }>): Promise<void> {
    const { context, cooperation, tell, nameOf, onLost } = this.#parts;
    const entry = cooperation.agreements.get(loss.agreement);
    if (entry === undefined) return;
    const { device } = entry.theirs;
    const name = nameOf(device);
    const record = cooperation.records.get(device);
    const now = context.platform.clock.now();
    if (loss.cause === 'evicted' && (loss.rows === 0 || peer.device !== device)) {
      cooperation.records.update(device, { lostAt: now, streak: 0 });
      cooperation.judge(device, { kind: 'evicted' });
      return;
    }
    const remote = await cooperation.session(device);
    const ledger = cooperation.ledgers().find(({ agreement }) => agreement === loss.agreement);
    if (ledger === undefined) return;
    const rows = await context.repository.rows.ledger(loss.agreement);
    const { lost } = await compareLedger(context, remote, ledger, rows);
    if (lost.length === 0) return;
    const pieces = lost.length;
    // That its storage was taken away is told with the change of its state.
    const ended = record.standing.state === 'evicted' || record.standing.state === 'reneged';
    if (loss.cause !== 'evicted' || ended)
      tell('partner-lost-pieces', { device, name, pieces, cause: loss.cause }, 'warning');
    cooperation.records.update(device, { lostPieces: record.lostPieces + pieces, lostAt: now, streak: 0 });
    if (loss.cause === 'evicted') cooperation.judge(device, { kind: 'evicted' });
    onLost();
  }

  /** When somebody goes, all partners report it: it is told once. */
  #reportNoticed(report: RenegeReport): void {
    const { context, cooperation, host, tell } = this.#parts;
    if (host.reports.renegedOn(report.against.account, context.platform.clock.now()) > 1) return;
    const by = cooperation.roster.members.get(report.by.account)?.name ?? '';
    if (report.against.account === context.keys.account) {
      tell('reported-us', { by }, 'problem');
      return;
    }
    const against = cooperation.roster.members.get(report.against.account)?.name ?? '';
    tell('partner-reported', { against, by }, 'warning');
  }

  async #guarded(device: DeviceId, task: () => Promise<void>): Promise<void> {
    await this.#oneByOne.run(async () => {
      try {
        await task();
      } catch (error) {
        const fault = faultOf(error);
        if (fault === 'aborted') return;
        this.#parts.context.platform.log.info('partners.ending-waits', {
          device,
          fault,
          message: messageOf(error),
        });
      }
    });
  }
}

/** A leave notice that its partner has not taken yet. */
const leaveKey = (device: DeviceId): string => `leave/${device}`;
