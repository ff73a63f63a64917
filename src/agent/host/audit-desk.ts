import type { AuditTerms } from '../../core/audit/draw.ts';
import { auditCommit, countSegments, drawSegments } from '../../core/audit/draw.ts';
import type { AuditReceipt } from '../../core/audit/receipt.ts';
import { countersignReceipt, readReceipt } from '../../core/audit/receipt.ts';
import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite, Signer } from '../../core/crypto/suite.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../../core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../core/limits.ts';
import { AUDIT_CHANCE_BYTES, LEDGER_PAGE_ROWS } from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import type { Random } from '../../ports/random.ts';
import { Limiter } from '../../core/limiter.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import type { AuditCommitment, AuditReveal, Peer } from '../session/types.ts';
import { scanAll } from '../store/paging.ts';
import { TABLES } from '../store/tables.ts';
import type { DayBudget, DeskRecord, DrawnSegment, ShownProof } from './audit-record.ts';
import { decodeDeskRecord, encodeDeskRecord } from './audit-record.ts';
import type { ShardStore } from './shard-store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An owner that does not like what it sees of a draw must wait so long for another. */
const UNANSWERED_MS = 20 * HOUR_MS;
/** Audits begun in a day: a new partner's each six hours, a suspect's two, eight that somebody asks for, and two to spare. */
export const AUDITS_PER_DAY = 16;
/**
 * Segments drawn in a day that any agreement covers: four audits of 12, two of 44 and eight checks of 7, and a quarter to spare.
 * 16 MiB of pieces that nobody can choose are no file server.
 */
export const DRAWN_PER_DAY = 256;
/** All agreements with one device together cost a day at most so many times what one may: old ones empty slowly. */
const AGREEMENTS_SHARE = 4;
/** Audits cost at most this share of the bandwidth agreed, where that is more. */
const BANDWIDTH_SHARE = 0.001;

export interface AuditDeskParts {
  readonly crypto: CryptoSuite;
  readonly meta: MetaStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: ShardStore;
  readonly book: AgreementBook;
  readonly cooperative: CooperativeId;
  readonly self: { readonly device: DeviceId; readonly account: AccountId };
  /** the device's key */
  readonly signer: Signer;
}

/**
 * The holder's side of audits (PROTOCOL.md "Audit"). Its chance is told once for each commitment and survives a crash; what was drawn
 * stays drawn, and can be shown again until the owner begins another audit.
 */
export class AuditDesk {
  readonly #parts: AuditDeskParts;
  /** one audit of an account at a time, under whatever agreement: they share a budget */
  readonly #turns = new Map<AccountId, Limiter>();
  /** whole shards in memory at once */
  readonly #reading = new Limiter(2);

  constructor(parts: AuditDeskParts) {
    this.#parts = parts;
  }

  /**
   * Begins an audit, or finds the one that was begun with the same commitment.
   * @returns our chance
   * @throws RoostError 'refused' (another ledger, or too much for a day), 'busy' while another is unanswered
   */
  open(peer: Peer, entry: BookEntry, commitment: AuditCommitment): Promise<Bytes> {
    return this.#inTurn(peer, () => this.#open(peer, entry, commitment));
  }

  /**
   * Shows what the two chances draw; undefined stands for what is lost here.
   * @throws RoostError 'not-found' (no such audit), 'refused' (it is not what was committed to, or the ledger has changed), 'busy' when
   *   it was shown so often that the day is used up
   */
  answer(peer: Peer, entry: BookEntry, reveal: AuditReveal): Promise<readonly (Bytes | undefined)[]> {
    return this.#inTurn(peer, () => this.#answer(peer, entry, reveal));
  }

  /**
   * Signs a receipt of the last audit when it says what we know, and keeps it.
   * @throws RoostError 'malformed' | 'corrupt' | 'not-found' (no such audit) | 'refused' (it says otherwise)
   */
  async receipt(peer: Peer, entryOf: (id: AgreementId) => BookEntry, bytes: Bytes): Promise<Bytes> {
    const { crypto, meta, signer } = this.#parts;
    const receipt = await readReceipt(crypto, bytes);
    const { id } = entryOf(receipt.agreement).agreement;
    return this.#inTurn(peer, async () => {
      const record = await this.#record(id);
      if (record === undefined || !equalBytes(record.commit, receipt.commit)) throw noAudit(id);
      this.#mustAgree(peer, record, receipt);
      const signed = await countersignReceipt(crypto, signer, bytes);
      await meta.write([{ kind: 'put', table: TABLES.receipts, key: id, value: signed }]);
      return signed;
    });
  }

  async #open(peer: Peer, entry: BookEntry, { commit, digest, count }: AuditCommitment): Promise<Bytes> {
    const { clock, random, store, meta } = this.#parts;
    const { id } = entry.agreement;
    const now = clock.now();
    const known = await this.#record(id);
    if (known !== undefined && known.by === peer.device && equalBytes(known.commit, commit)) {
      if (known.count === count && equalBytes(known.digest, digest)) return known.chance;
      throw new RoostError('refused', 'the same commitment was made with other terms');
    }
    // By either direction of a clock that jumped: nobody waits for a year.
    if (known?.outcome === 'open' && Math.abs(now - known.openedAt) < UNANSWERED_MS) {
      throw new RoostError(
        'busy',
        `an audit that was begun at ${known.openedAt} must be answered first, or ${UNANSWERED_MS / HOUR_MS} hours pass`,
      );
    }
    const ours = await store.digest(id);
    if (!equalBytes(ours.digest, digest)) {
      throw new RoostError(
        'refused',
        `ledger has another digest here: ${ours.rows} rows, ${ours.bytes} bytes`,
      );
    }
    if (known === undefined) await this.#forgetFormer();
    const day = this.#charge(known, entry, count, 1);
    await this.#chargeDevice(entry, day.drawn, 'refused');
    const record: DeskRecord = {
      by: peer.device,
      commit,
      chance: random.bytes(AUDIT_CHANCE_BYTES),
      digest,
      count,
      openedAt: now,
      outcome: 'open',
      ...day,
    };
    // Durable before it is told: who saw our chance gets no second one by a crash.
    await meta.write([put(id, record)]);
    return record.chance;
  }

  async #answer(peer: Peer, entry: BookEntry, reveal: AuditReveal): Promise<readonly (Bytes | undefined)[]> {
    const { meta } = this.#parts;
    const { id } = entry.agreement;
    const record = await this.#record(id);
    if (record === undefined || record.by !== peer.device || !equalBytes(record.commit, reveal.commit)) {
      throw noAudit(id);
    }
    const terms = this.#terms(peer, id, record);
    if (reveal.count !== record.count || !equalBytes(auditCommit(terms, reveal.chance), record.commit)) {
      throw new RoostError('refused', 'the chance shown is not the one that was committed to');
    }
    const { outcome } = record;
    let shown: DeskRecord;
    let proof: ShownProof;
    if (typeof outcome === 'string') {
      proof = await this.#draw(terms, reveal.chance, record, id);
      shown = { ...record, outcome: proof };
    } else {
      proof = outcome;
      shown = { ...record, ...this.#charge(record, entry, outcome.picks.length, 0) };
      await this.#chargeDevice(entry, shown.drawn, 'busy');
    }
    // Durable before anything is read: a row found lost changes the ledger, and must not change the draw.
    await meta.write([put(id, shown)]);
    const segments = await this.#show(id, proof.picks);
    const lost = segments.filter((segment) => segment === undefined).length;
    if (lost !== proof.lost) await meta.write([put(id, { ...shown, outcome: { ...proof, lost } })]);
    return segments;
  }

  /**
   * Draws, or makes the audit void for as long as the ledger is not the one that was committed to: a piece that came and went meanwhile must
   * not leave a holder unable to show what was drawn.
   */
  async #draw(terms: AuditTerms, chance: Bytes, record: DeskRecord, id: AgreementId): Promise<ShownProof> {
    const { store } = this.#parts;
    const rows: { readonly row: number; readonly segments: number }[] = [];
    if (!equalBytes((await store.digest(id)).digest, record.digest)) await this.#voidOf(id, record);
    for (;;) {
      const page = await store.ledger(id, rows.at(-1)?.row ?? -1, LEDGER_PAGE_ROWS);
      for (const { row, segments } of page) rows.push({ row, segments });
      if (page.length < LEDGER_PAGE_ROWS) break;
    }
    // After the walk: a change during it shows here, too.
    if (!equalBytes((await store.digest(id)).digest, record.digest)) await this.#voidOf(id, record);
    const drawn = drawSegments(terms, { owner: chance, holder: record.chance }, rows);
    return {
      rows: rows.length,
      segments: countSegments(rows),
      picks: drawn.map(({ row, segment }) => ({ row: row.row, segment })),
      lost: 0,
    };
  }

  /** @throws RoostError 'refused' */
  async #voidOf(id: AgreementId, record: DeskRecord): Promise<never> {
    if (record.outcome !== 'void') await this.#parts.meta.write([put(id, { ...record, outcome: 'void' })]);
    throw new RoostError('refused', `ledger of agreement ${id} has changed since the audit was begun`);
  }

  async #show(id: AgreementId, picks: readonly DrawnSegment[]): Promise<readonly (Bytes | undefined)[]> {
    const { store } = this.#parts;
    const shown: (Bytes | undefined)[] = picks.map(() => undefined);
    const byRow = new Map<number, number[]>();
    for (const [index, { row }] of picks.entries()) byRow.set(row, [...(byRow.get(row) ?? []), index]);
    for (const [row, indexes] of byRow) {
      const wanted = indexes.map((index) => picks[index]!.segment);
      const segments = await this.#reading.run(() => store.prove(id, row, wanted));
      for (const [i, index] of indexes.entries()) shown[index] = segments?.[i];
    }
    return shown;
  }

  /** Counts an audit in the day's budget. @throws RoostError 'refused' for a new audit, 'busy' for one shown again */
  #charge(
    record: DeskRecord | undefined,
    { agreement, ours }: BookEntry,
    segments: number,
    audits: 0 | 1,
  ): DayBudget {
    const now = this.#parts.clock.now();
    const sameDay = record !== undefined && Math.abs(now - record.dayAt) < DAY_MS;
    const day = sameDay
      ? { dayAt: record.dayAt, audits: record.audits + audits, drawn: record.drawn + segments }
      : { dayAt: now, audits, drawn: segments };
    const drawnMax = drawnPerDay(ours.bytesPerSecond);
    if (day.audits > AUDITS_PER_DAY || day.drawn > drawnMax) {
      throw new RoostError(
        audits > 0 ? 'refused' : 'busy',
        `agreement ${agreement.id} allows ${AUDITS_PER_DAY} audits and ${drawnMax} segments a day, ` +
          `got ${day.audits} and ${day.drawn}`,
      );
    }
    return day;
  }

  /** Many agreements are no way to read more. @throws RoostError with the fault given */
  async #chargeDevice(
    { agreement, ours, theirs }: BookEntry,
    drawnHere: number,
    fault: 'refused' | 'busy',
  ): Promise<void> {
    const { book, clock } = this.#parts;
    let drawn = drawnHere;
    for (const { agreement: other } of book.with(theirs.device)) {
      const record = other.id === agreement.id ? undefined : await this.#record(other.id);
      if (record !== undefined && Math.abs(clock.now() - record.dayAt) < DAY_MS) drawn += record.drawn;
    }
    const drawnMax = AGREEMENTS_SHARE * drawnPerDay(ours.bytesPerSecond);
    if (drawn > drawnMax)
      throw new RoostError(
        fault,
        `all agreements with a device allow ${drawnMax} segments a day, got ${drawn}`,
      );
  }

  #mustAgree(peer: Peer, record: DeskRecord, receipt: AuditReceipt): void {
    const { cooperative, self } = this.#parts;
    const { owner, holder, outcome } = receipt;
    const sides =
      record.by === peer.device &&
      owner.device === peer.device &&
      owner.account === peer.account &&
      holder.device === self.device &&
      holder.account === self.account &&
      receipt.cooperative === cooperative;
    if (!sides) throw new RoostError('refused', 'receipt must name the two devices of the audit');
    const shown = record.outcome;
    if (typeof shown === 'string')
      throw new RoostError('refused', 'receipt must be of an audit that was answered');
    const same =
      receipt.count === record.count &&
      receipt.rows === shown.rows &&
      receipt.segments === shown.segments &&
      equalBytes(receipt.digest, record.digest);
    if (!same) {
      throw new RoostError(
        'refused',
        `receipt must be of ${shown.rows} rows and ${shown.segments} segments, got ${receipt.rows} and ${receipt.segments}`,
      );
    }
    const ours = shown.lost > 0 ? 'lost' : 'passed';
    if (outcome !== ours) throw new RoostError('refused', `receipt must say "${ours}", got "${outcome}"`);
  }

  #terms(peer: Peer, agreement: AgreementId, { digest, count }: DeskRecord): AuditTerms {
    const { cooperative, self } = this.#parts;
    const owner = { device: peer.device, account: peer.account };
    return { cooperative, owner, holder: self.device, agreement, digest, count };
  }

  async #record(id: AgreementId): Promise<DeskRecord | undefined> {
    const { meta, log } = this.#parts;
    const bytes = await meta.get(TABLES.audits, id);
    try {
      return bytes === undefined ? undefined : decodeDeskRecord(bytes);
    } catch (error) {
      // As if none had been begun: the owner begins another.
      log.warn('host.audit-record-damaged', { agreement: id, message: messageOf(error) });
      return undefined;
    }
  }

  /** Records of agreements that the book has forgotten go when one of a new agreement comes: renewing fills no disk. */
  async #forgetFormer(): Promise<void> {
    const { meta, book } = this.#parts;
    const known = new Set<string>(book.all().map(({ agreement }) => agreement.id));
    for (const table of [TABLES.audits, TABLES.receipts]) {
      const former: string[] = [];
      for await (const { key } of scanAll(meta, table)) if (!known.has(key)) former.push(key);
      if (former.length > 0) await meta.write(former.map((key) => ({ kind: 'delete', table, key })));
    }
  }

  #inTurn<T>({ account }: Peer, task: () => Promise<T>): Promise<T> {
    let turns = this.#turns.get(account);
    if (turns === undefined) {
      turns = new Limiter(1);
      this.#turns.set(account, turns);
    }
    return turns.run(task);
  }
}

/** Segments that one agreement lets be drawn in a day. */
function drawnPerDay(bytesPerSecond: number): number {
  const bandwidth = (bytesPerSecond * (DAY_MS / 1000) * BANDWIDTH_SHARE) / SEALED_SEGMENT_BYTES;
  return Math.max(DRAWN_PER_DAY, Math.floor(bandwidth));
}

function put(key: AgreementId, record: DeskRecord): MetaOperation {
  return { kind: 'put', table: TABLES.audits, key, value: encodeDeskRecord(record) };
}

function noAudit(id: AgreementId): RoostError {
  return new RoostError('not-found', `no such audit of agreement ${id} was begun here`);
}
