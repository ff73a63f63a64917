import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId, RendezvousId } from '../../core/ids.ts';
import type { LedgerDigest } from '../../core/ledger/row.ts';
import { ROW_MAX_BYTES, decodeLedgerRow, encodeLedgerRow } from '../../core/ledger/row.ts';
import {
  AGREEMENT_MAX_BYTES,
  HEAD_MAX_BYTES,
  ROSTER_ENTRY_MAX_BYTES,
  ROSTER_MAX_ENTRIES,
  SEALED_SEGMENT_BYTES,
  SHARD_MAX_SEGMENTS,
} from '../../core/limits.ts';
import type { Cancellable } from '../../core/progress.ts';
import { readCbor } from '../../core/schema.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import type { Ask } from '../../core/wire/asks.ts';
import {
  AGREEMENTS_MAX,
  AUDIT_CHANCE_BYTES,
  DUTY_MAX_BYTES,
  HEADS_MAX,
  ITEMS_MAX,
  LEAVE_NOTICE_MAX_BYTES,
  LEDGER_PAGE_ROWS,
  PARTNER_LISTS_MAX,
  PARTNER_LIST_MAX_BYTES,
  RECEIPT_MAX_BYTES,
  RELEASE_MAX_ROWS,
  REPORTS_MAX,
  REPORT_MAX_BYTES,
} from '../../core/wire/limits.ts';
import { unpackList } from '../../core/wire/list.ts';
import { encodeRows, itemsPayload, readProvedSegment } from './answers.ts';
import type { Answer, RequestOptions } from './requester.ts';
import type { AuditCommitment, AuditReveal, LossNotice, Peer, Remote } from './types.ts';

/** What a remote needs of its session. */
export interface SessionLink {
  readonly peer: Peer;
  readonly closed: boolean;
  request(ask: Ask, options: RequestOptions): Promise<Answer>;
  onClose(handler: (reason: string) => void): void;
  close(reason: string): void;
}

const DIGEST_MAX_BYTES = 128;

/** The requests of types.ts as questions on the wire. */
export class SessionRemote implements Remote {
  readonly #link: SessionLink;

  constructor(link: SessionLink) {
    this.#link = link;
  }

  get peer(): Peer {
    return this.#link.peer;
  }

  get closed(): boolean {
    return this.#link.closed;
  }

  onClose(handler: (reason: string) => void): void {
    this.#link.onClose(handler);
  }

  close(reason: string): void {
    this.#link.close(reason);
  }

  propose(proposal: Bytes): Promise<Bytes> {
    return this.#one({ kind: 'propose' }, AGREEMENT_MAX_BYTES, proposal);
  }

  agreements(): Promise<readonly Bytes[]> {
    return this.#list({ kind: 'agreements' }, { records: AGREEMENTS_MAX, bytes: AGREEMENT_MAX_BYTES });
  }

  async put(
    agreement: AgreementId,
    row: LedgerRow,
    sealed: Bytes,
    options: { readonly onSent?: (bytes: number) => void } & Cancellable = {},
  ): Promise<void> {
    encodeLedgerRow(row); // checks that its numbers fit one another
    if (sealed.length !== row.bytes) {
      throw new RoostError(
        'usage',
        `shard of row ${row.row} must be ${row.bytes} bytes, got ${sealed.length}`,
      );
    }
    const item = (index: number): Bytes =>
      sealed.subarray(index * SEALED_SEGMENT_BYTES, (index + 1) * SEALED_SEGMENT_BYTES);
    await this.#link.request(
      { kind: 'put', agreement, row },
      { ...options, payload: { count: row.segments, item }, replyItems: 0 },
    );
  }

  async get(
    agreement: AgreementId,
    row: number,
    first: number,
    count: number,
    options: Cancellable = {},
  ): Promise<readonly Bytes[]> {
    if (count < 1 || first < 0 || first + count > SHARD_MAX_SEGMENTS) {
      throw new RoostError(
        'usage',
        `segments must be within a shard of ${SHARD_MAX_SEGMENTS}, got ${count} from ${first} on`,
      );
    }
    const ask: Ask = { kind: 'get', agreement, row, first, count };
    const { items } = await this.#link.request(ask, { ...options, replyItems: count });
    if (items.length !== count) {
      throw new RoostError('corrupt', `partner must give ${count} segments, got ${items.length}`);
    }
    return items;
  }

  async release(agreement: AgreementId, rows: readonly number[]): Promise<void> {
    for (let start = 0; start < rows.length; start += RELEASE_MAX_ROWS) {
      const payload = itemsPayload([encodeRows(rows.slice(start, start + RELEASE_MAX_ROWS))]);
      await this.#link.request({ kind: 'release', agreement }, { payload, replyItems: 0 });
    }
  }

  async ledger(agreement: AgreementId, after: number): Promise<readonly LedgerRow[]> {
    const bounds = { records: LEDGER_PAGE_ROWS, bytes: ROW_MAX_BYTES };
    const rows = (await this.#list({ kind: 'ledger', agreement, after }, bounds)).map(decodeLedgerRow);
    let before = after;
    for (const { row } of rows) {
      if (row <= before)
        throw new RoostError('malformed', `ledger must ascend, got row ${row} after ${before}`);
      before = row;
    }
    return rows;
  }

  async ledgerDigest(agreement: AgreementId): Promise<LedgerDigest> {
    const item = await this.#one({ kind: 'ledger-digest', agreement }, DIGEST_MAX_BYTES);
    return readCbor(item, DIGEST_MAX_BYTES, 'ledger digest', (value) =>
      value.map((field) => ({
        rows: field('rows').uint(),
        bytes: field('bytes').uint(),
        digest: field('digest').bytes(32),
      })),
    );
  }

  putHead(rendezvous: RendezvousId, head: Bytes): Promise<void> {
    return this.#tell({ kind: 'put-head', rendezvous }, HEAD_MAX_BYTES, head);
  }

  heads(rendezvous: RendezvousId): Promise<readonly Bytes[]> {
    return this.#list({ kind: 'heads', rendezvous }, { records: HEADS_MAX, bytes: HEAD_MAX_BYTES });
  }

  async roster(cooperative: CooperativeId, from: number): Promise<readonly Bytes[]> {
    const entries: Bytes[] = [];
    for (;;) {
      const start = from + entries.length;
      const bounds = { records: ROSTER_MAX_ENTRIES - start, bytes: ROSTER_ENTRY_MAX_BYTES };
      const { items, more } = await this.#link.request(
        { kind: 'roster', cooperative, from: start },
        { replyItems: ITEMS_MAX },
      );
      const page = unpackList(items, bounds);
      entries.push(...page);
      if (!more) return entries;
      if (page.length === 0) throw new RoostError('malformed', 'roster page must have entries, got none');
    }
  }

  accept(agreement: Bytes): Promise<void> {
    return this.#tell({ kind: 'accept' }, AGREEMENT_MAX_BYTES, agreement);
  }

  async openAudit(agreement: AgreementId, { commit, digest, count }: AuditCommitment): Promise<Bytes> {
    const chance = await this.#one({ kind: 'audit', agreement, commit, digest, count }, AUDIT_CHANCE_BYTES);
    if (chance.length !== AUDIT_CHANCE_BYTES) {
      throw new RoostError(
        'malformed',
        `holder's chance must be ${AUDIT_CHANCE_BYTES} bytes, got ${chance.length}`,
      );
    }
    return chance;
  }

  async answerAudit(
    agreement: AgreementId,
    { commit, chance, count }: AuditReveal,
    options: Cancellable = {},
  ): Promise<readonly (Bytes | undefined)[]> {
    const ask: Ask = { kind: 'audit-answer', agreement, commit, chance, count };
    const { items } = await this.#link.request(ask, { ...options, replyItems: count });
    return items.map(readProvedSegment);
  }

  receipt(receipt: Bytes): Promise<Bytes> {
    return this.#one({ kind: 'receipt' }, RECEIPT_MAX_BYTES, receipt);
  }

  async tellLoss({ agreement, cause, rows }: LossNotice): Promise<void> {
    await this.#link.request({ kind: 'loss', agreement, cause, rows }, { replyItems: 0 });
  }

  leave(notice: Bytes): Promise<void> {
    return this.#tell({ kind: 'leave' }, LEAVE_NOTICE_MAX_BYTES, notice);
  }

  report(report: Bytes): Promise<void> {
    return this.#tell({ kind: 'report' }, REPORT_MAX_BYTES, report);
  }

  reports(): Promise<readonly Bytes[]> {
    return this.#list({ kind: 'reports' }, { records: REPORTS_MAX, bytes: REPORT_MAX_BYTES });
  }

  putPartnerList(list: Bytes): Promise<void> {
    return this.#tell({ kind: 'put-partner-list' }, PARTNER_LIST_MAX_BYTES, list);
  }

  partnerLists(account?: AccountId): Promise<readonly Bytes[]> {
    const bounds = { records: PARTNER_LISTS_MAX, bytes: PARTNER_LIST_MAX_BYTES };
    return this.#list({ kind: 'partner-lists', account }, bounds);
  }

  putDuty(duty: Bytes): Promise<void> {
    return this.#tell({ kind: 'put-duty' }, DUTY_MAX_BYTES, duty);
  }

  /** Gives one record that is answered with nothing. */
  async #tell(ask: Ask, maxBytes: number, record: Bytes): Promise<void> {
    if (record.length === 0 || record.length > maxBytes) {
      throw new RoostError(
        'usage',
        `record of "${ask.kind}" must be 1 to ${maxBytes} bytes, got ${record.length}`,
      );
    }
    await this.#link.request(ask, { payload: itemsPayload([record]), replyItems: 0 });
  }

  async #one(ask: Ask, maxBytes: number, item?: Bytes): Promise<Bytes> {
    const payload = item === undefined ? {} : { payload: itemsPayload([item]) };
    const { items } = await this.#link.request(ask, { ...payload, replyItems: 1 });
    const [answer] = items;
    if (answer === undefined || answer.length > maxBytes) {
      throw new RoostError(
        'malformed',
        `answer to "${ask.kind}" must be 1 to ${maxBytes} bytes, got ${answer?.length ?? 0}`,
      );
    }
    return answer;
  }

  async #list(ask: Ask, bounds: { readonly records: number; readonly bytes: number }): Promise<Bytes[]> {
    const { items } = await this.#link.request(ask, { replyItems: ITEMS_MAX });
    return unpackList(items, bounds);
  }
}
