import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import { ROW_MAX, encodeLedgerRow, segmentBytes } from '../../core/ledger/row.ts';
import { AGREEMENT_MAX_BYTES, HEAD_MAX_BYTES, TAG_BYTES } from '../../core/limits.ts';
import { readCbor } from '../../core/schema.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import type { Ask } from '../../core/wire/asks.ts';
import {
  AGREEMENTS_MAX,
  DUTY_MAX_BYTES,
  HEADS_MAX,
  ITEM_MAX_BYTES,
  LEAVE_NOTICE_MAX_BYTES,
  LEDGER_PAGE_ROWS,
  PARTNER_LISTS_MAX,
  PARTNER_LIST_MAX_BYTES,
  RECEIPT_MAX_BYTES,
  RELEASE_MAX_ROWS,
  REPORTS_MAX,
  REPORT_MAX_BYTES,
  ROSTER_PAGE_BYTES,
} from '../../core/wire/limits.ts';
import { packList, packedBytes } from '../../core/wire/list.ts';
import type { Payload } from './outbox.ts';
import type { Peer, RequestHandler } from './types.ts';

/** What the handler's answer becomes on the wire. */
export interface Reply {
  readonly payload: Payload;
  readonly more: boolean;
  /** bytes of a list or an audit's answer, which are all there until the last of them is sent; 0 for what is short or read as it is sent */
  readonly bytes: number;
}

/** The items that the requester sends; `taken` gives it credit for more. */
export interface Upload {
  next(): Promise<Bytes>;
  taken(bytes: number): void;
  /** Ends the session for a payload that breaks the protocol; returns the error to throw. */
  violation(error: RoostError): RoostError;
}

/** Segments read from the holder's disk at once for one request: 1 MiB. */
const GET_READ_SEGMENTS = 16;

/** What an audit's answer has in place of a segment that is lost: no sealed segment is as short. */
const LOST_SEGMENT = new Uint8Array(1);

const NOTHING: Reply = { payload: itemsPayload([]), more: false, bytes: 0 };

/** A segment of an audit's answer, undefined when the holder says that it is lost. @throws RoostError 'malformed' */
export function readProvedSegment(item: Bytes): Bytes | undefined {
  if (item.length > TAG_BYTES) return item;
  if (equalBytes(item, LOST_SEGMENT)) return undefined;
  throw new RoostError(
    'malformed',
    `answer to an audit must be a segment or one byte 0, got ${item.length} bytes`,
  );
}

/** A payload of items that are there already. */
export function itemsPayload(items: readonly Bytes[]): Payload {
  return {
    count: items.length,
    item: (index) => {
      const item = items[index];
      if (item === undefined) throw new RoostError('internal', `payload must have ${items.length} items`);
      return item;
    },
  };
}

/**
 * Has a request answered by the handler.
 * @throws RoostError the handler's; 'malformed' when the payload is not what the request says
 */
export async function answer(handler: RequestHandler, peer: Peer, ask: Ask, upload: Upload): Promise<Reply> {
  switch (ask.kind) {
    case 'propose':
      return one(await handler.propose(peer, await single(upload, AGREEMENT_MAX_BYTES)));
    case 'agreements':
      return list(await handler.agreements(peer), AGREEMENTS_MAX);
    case 'put':
      return put(handler, peer, ask, upload);
    case 'get':
      return { payload: segmentsPayload(handler, peer, ask), more: false, bytes: 0 };
    case 'release':
      await handler.release(peer, ask.agreement, await rowsOf(upload));
      return NOTHING;
    case 'ledger': {
      const rows = await handler.ledger(peer, ask.agreement, ask.after);
      return list(rows.map(encodeLedgerRow), LEDGER_PAGE_ROWS);
    }
    case 'ledger-digest':
      return one(encodeCbor({ ...(await handler.ledgerDigest(peer, ask.agreement)) }));
    case 'put-head':
      await handler.putHead(peer, ask.rendezvous, await single(upload, HEAD_MAX_BYTES));
      return NOTHING;
    case 'heads':
      return list(await handler.heads(peer, ask.rendezvous), HEADS_MAX);
    case 'roster':
      return page(await handler.roster(peer, ask.cooperative, ask.from));
    case 'accept':
      await handler.accept(peer, await single(upload, AGREEMENT_MAX_BYTES));
      return NOTHING;
    case 'audit':
      return one(await handler.openAudit(peer, ask.agreement, ask));
    case 'audit-answer': {
      const segments = await handler.answerAudit(peer, ask.agreement, ask);
      return whole(segments.map((segment) => segment ?? LOST_SEGMENT));
    }
    case 'receipt':
      return one(await handler.receipt(peer, await single(upload, RECEIPT_MAX_BYTES)));
    case 'loss':
      await handler.loss(peer, { agreement: ask.agreement, cause: ask.cause, rows: ask.rows });
      return NOTHING;
    case 'leave':
      await handler.leave(peer, await single(upload, LEAVE_NOTICE_MAX_BYTES));
      return NOTHING;
    case 'report':
      await handler.report(peer, await single(upload, REPORT_MAX_BYTES));
      return NOTHING;
    case 'reports':
      return list(await handler.reports(peer), REPORTS_MAX);
    case 'put-partner-list':
      await handler.putPartnerList(peer, await single(upload, PARTNER_LIST_MAX_BYTES));
      return NOTHING;
    case 'partner-lists':
      return list(await handler.partnerLists(peer, ask.account), PARTNER_LISTS_MAX);
    case 'put-duty':
      await handler.putDuty(peer, await single(upload, DUTY_MAX_BYTES));
      return NOTHING;
    default:
      return ask satisfies never;
  }
}

/** The payload of a release. */
export function encodeRows(rows: readonly number[]): Bytes {
  return encodeCbor(rows);
}

async function rowsOf(upload: Upload): Promise<readonly number[]> {
  const item = await upload.next();
  try {
    return readCbor(item, ITEM_MAX_BYTES, 'release', (value) =>
      value.list(RELEASE_MAX_ROWS, (row) => row.uint(ROW_MAX)),
    );
  } catch (cause) {
    throw upload.violation(new RoostError('malformed', messageOf(cause), { cause }));
  }
}

async function put(
  handler: RequestHandler,
  peer: Peer,
  ask: Extract<Ask, { kind: 'put' }>,
  upload: Upload,
): Promise<Reply> {
  const receiver = await handler.put(peer, ask.agreement, ask.row);
  if (receiver === 'have') return NOTHING;
  try {
    for (let index = 0; index < ask.row.segments; index++) {
      const item = await upload.next();
      checkSegment(ask.row, index, item, upload);
      await receiver.segment(item);
      upload.taken(item.length);
    }
    await receiver.commit();
  } catch (error) {
    await receiver.abort();
    throw error;
  }
  return NOTHING;
}

function checkSegment(row: LedgerRow, index: number, item: Bytes, upload: Upload): void {
  const expected = segmentBytes(row, index);
  if (item.length === expected) return;
  throw upload.violation(
    new RoostError(
      'malformed',
      `segment ${index} of ${row.segments} must be ${expected} bytes, got ${item.length}`,
    ),
  );
}

async function single(upload: Upload, maxBytes: number): Promise<Bytes> {
  const item = await upload.next();
  if (item.length > maxBytes) {
    throw upload.violation(
      new RoostError('malformed', `payload must be at most ${maxBytes} bytes, got ${item.length}`),
    );
  }
  return item;
}

function one(item: Bytes): Reply {
  return { payload: itemsPayload([item]), more: false, bytes: 0 };
}

function whole(items: readonly Bytes[], more = false): Reply {
  return { payload: itemsPayload(items), more, bytes: items.reduce((sum, { length }) => sum + length, 0) };
}

function list(records: readonly Bytes[], max: number): Reply {
  if (records.length > max) {
    throw new RoostError('internal', `answer must have at most ${max} records, got ${records.length}`);
  }
  return whole(packList(records));
}

/** As many records as a page takes, at least one. */
function page(records: readonly Bytes[]): Reply {
  let bytes = 0;
  let count = 0;
  for (const record of records) {
    bytes += packedBytes(record);
    if (count > 0 && bytes > ROSTER_PAGE_BYTES) break;
    count++;
  }
  return whole(packList(records.slice(0, count)), count < records.length);
}

/** Reads ahead a little, never a whole shard: what is read and not sent is bounded. */
function segmentsPayload(handler: RequestHandler, peer: Peer, ask: Extract<Ask, { kind: 'get' }>): Payload {
  let batch: readonly Bytes[] = [];
  let start = 0;
  const fetch = async (index: number): Promise<Bytes> => {
    const count = Math.min(GET_READ_SEGMENTS, ask.count - index);
    batch = await handler.get(peer, ask.agreement, ask.row, ask.first + index, count);
    start = index;
    const item = batch[0];
    if (batch.length !== count || item === undefined) {
      throw new RoostError('internal', `handler must give ${count} segments, got ${batch.length}`);
    }
    return item;
  };
  return { count: ask.count, item: (index) => batch[index - start] ?? fetch(index) };
}
