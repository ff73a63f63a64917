import type { Bytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError, messageOf } from '../../core/errors.ts';
import { ROW_MAX, encodeLedgerRow, segmentBytes } from '../../core/ledger/row.ts';
import { AGREEMENT_MAX_BYTES, HEAD_MAX_BYTES } from '../../core/limits.ts';
import { readCbor } from '../../core/schema.ts';
import type { LedgerRow } from '../../core/snapshot/types.ts';
import type { Ask } from '../../core/wire/asks.ts';
import {
  AGREEMENTS_MAX,
  HEADS_MAX,
  ITEM_MAX_BYTES,
  LEDGER_PAGE_ROWS,
  RELEASE_MAX_ROWS,
  ROSTER_PAGE_BYTES,
} from '../../core/wire/limits.ts';
import { packList, packedBytes } from '../../core/wire/list.ts';
import type { Payload } from './outbox.ts';
import type { Peer, RequestHandler } from './types.ts';

/** What the handler's answer becomes on the wire. */
export interface Reply {
  readonly payload: Payload;
  readonly more: boolean;
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

const NOTHING: Reply = { payload: itemsPayload([]), more: false };

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
      return { payload: segmentsPayload(handler, peer, ask), more: false };
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
  return { payload: itemsPayload([item]), more: false };
}

function list(records: readonly Bytes[], max: number): Reply {
  if (records.length > max) {
    throw new RoostError('internal', `answer must have at most ${max} records, got ${records.length}`);
  }
  return { payload: itemsPayload(packList(records)), more: false };
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
  return { payload: itemsPayload(packList(records.slice(0, count))), more: count < records.length };
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
