import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import type { AgreementId, CooperativeId, RendezvousId } from '../../core/ids.ts';
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
  HEADS_MAX,
  ITEMS_MAX,
  LEDGER_PAGE_ROWS,
  RELEASE_MAX_ROWS,
} from '../../core/wire/limits.ts';
import { unpackList } from '../../core/wire/list.ts';
import { encodeRows, itemsPayload } from './answers.ts';
import type { Answer, RequestOptions } from './requester.ts';
import type { Peer, Remote } from './types.ts';

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

  async putHead(rendezvous: RendezvousId, head: Bytes): Promise<void> {
    if (head.length === 0 || head.length > HEAD_MAX_BYTES) {
      throw new RoostError('usage', `head must be 1 to ${HEAD_MAX_BYTES} bytes, got ${head.length}`);
    }
    await this.#link.request(
      { kind: 'put-head', rendezvous },
      { payload: itemsPayload([head]), replyItems: 0 },
    );
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
