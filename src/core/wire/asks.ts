import type { Bytes } from '../bytes.ts';
import { ROW_MAX, readLedgerRow, rowValue } from '../ledger/row.ts';
import type { AccountId, AgreementId, CooperativeId, RendezvousId } from '../ids.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  idBytes,
  rendezvousIdFromBytes,
} from '../ids.ts';
import { ROSTER_MAX_ENTRIES, SHARD_MAX_SEGMENTS } from '../limits.ts';
import type { Fields } from '../schema.ts';
import type { LedgerRow } from '../snapshot/types.ts';
import { AUDIT_CHANCE_BYTES, AUDIT_MAX_SEGMENTS } from './limits.ts';

const SHA256_BYTES = 32;

/** PROTOCOL.md "Requests": what one end asks of the other, without the payload that some have. */
export type Ask =
  | { readonly kind: 'propose' }
  | { readonly kind: 'agreements' }
  | { readonly kind: 'put'; readonly agreement: AgreementId; readonly row: LedgerRow }
  | {
      readonly kind: 'get';
      readonly agreement: AgreementId;
      readonly row: number;
      readonly first: number;
      readonly count: number;
    }
  | { readonly kind: 'release'; readonly agreement: AgreementId }
  | { readonly kind: 'ledger'; readonly agreement: AgreementId; readonly after: number }
  | { readonly kind: 'ledger-digest'; readonly agreement: AgreementId }
  | { readonly kind: 'put-head'; readonly rendezvous: RendezvousId }
  | { readonly kind: 'heads'; readonly rendezvous: RendezvousId }
  | { readonly kind: 'roster'; readonly cooperative: CooperativeId; readonly from: number }
  | { readonly kind: 'accept' }
  | {
      readonly kind: 'audit';
      readonly agreement: AgreementId;
      /** 32 bytes */
      readonly commit: Bytes;
      /** 32 bytes */
      readonly digest: Bytes;
      readonly count: number;
    }
  | {
      readonly kind: 'audit-answer';
      readonly agreement: AgreementId;
      /** 32 bytes */
      readonly commit: Bytes;
      /** 32 bytes */
      readonly chance: Bytes;
      readonly count: number;
    }
  | { readonly kind: 'receipt' }
  | {
      readonly kind: 'loss';
      readonly agreement: AgreementId;
      readonly cause: (typeof LOSS_CAUSES)[number];
      readonly rows: number;
    }
  | { readonly kind: 'leave' }
  | { readonly kind: 'report' }
  | { readonly kind: 'reports' }
  | { readonly kind: 'put-partner-list' }
  | { readonly kind: 'partner-lists'; readonly account: AccountId | undefined }
  | { readonly kind: 'put-duty' };

const LOSS_CAUSES = ['evicted', 'damaged'] as const;

const KINDS = [
  'propose',
  'agreements',
  'put',
  'get',
  'release',
  'ledger',
  'ledger-digest',
  'put-head',
  'heads',
  'roster',
  'accept',
  'audit',
  'audit-answer',
  'receipt',
  'loss',
  'leave',
  'report',
  'reports',
  'put-partner-list',
  'partner-lists',
  'put-duty',
] as const satisfies readonly Ask['kind'][];

/** Items that the requester sends after the request. */
export function askItems(ask: Ask): number {
  switch (ask.kind) {
    case 'put':
      return ask.row.segments;
    case 'propose':
    case 'release':
    case 'put-head':
    case 'accept':
    case 'receipt':
    case 'leave':
    case 'report':
    case 'put-partner-list':
    case 'put-duty':
      return 1;
    default:
      return 0;
  }
}

/** The fields of a request that say what is asked. */
export function askFields(ask: Ask): Record<string, unknown> {
  const { kind } = ask;
  switch (kind) {
    case 'propose':
    case 'agreements':
    case 'accept':
    case 'receipt':
    case 'leave':
    case 'report':
    case 'reports':
    case 'put-partner-list':
    case 'put-duty':
      return { ask: kind };
    case 'put':
      return { ask: kind, agreement: idBytes(ask.agreement), row: rowValue(ask.row) };
    case 'get':
      return {
        ask: kind,
        agreement: idBytes(ask.agreement),
        row: ask.row,
        first: ask.first,
        count: ask.count,
      };
    case 'release':
    case 'ledger-digest':
      return { ask: kind, agreement: idBytes(ask.agreement) };
    case 'ledger':
      // `after` is -1 for the whole ledger; on the wire the first row number wanted.
      return { ask: kind, agreement: idBytes(ask.agreement), from: ask.after + 1 };
    case 'put-head':
    case 'heads':
      return { ask: kind, rendezvous: idBytes(ask.rendezvous) };
    case 'roster':
      return { ask: kind, coop: idBytes(ask.cooperative), from: ask.from };
    case 'audit':
      return {
        ask: kind,
        agreement: idBytes(ask.agreement),
        commit: ask.commit,
        digest: ask.digest,
        count: ask.count,
      };
    case 'audit-answer':
      return {
        ask: kind,
        agreement: idBytes(ask.agreement),
        commit: ask.commit,
        chance: ask.chance,
        count: ask.count,
      };
    case 'loss':
      return { ask: kind, agreement: idBytes(ask.agreement), cause: ask.cause, rows: ask.rows };
    case 'partner-lists':
      return { ask: kind, account: ask.account === undefined ? undefined : idBytes(ask.account) };
    default:
      return kind satisfies never;
  }
}

/** Reads what is asked. @throws RoostError 'malformed' */
export function readAsk(field: Fields): Ask {
  const kind = field('ask').oneOf(KINDS);
  const agreement = (): AgreementId => field('agreement').id(agreementIdFromBytes);
  switch (kind) {
    case 'propose':
    case 'agreements':
    case 'accept':
    case 'receipt':
    case 'leave':
    case 'report':
    case 'reports':
    case 'put-partner-list':
    case 'put-duty':
      return { kind };
    case 'put':
      return { kind, agreement: agreement(), row: readLedgerRow(field('row')) };
    case 'get': {
      const first = field('first').uint(SHARD_MAX_SEGMENTS - 1);
      const count = field('count').uint(SHARD_MAX_SEGMENTS - first, 1);
      return { kind, agreement: agreement(), row: field('row').uint(ROW_MAX), first, count };
    }
    case 'release':
    case 'ledger-digest':
      return { kind, agreement: agreement() };
    case 'ledger':
      return { kind, agreement: agreement(), after: field('from').uint(ROW_MAX) - 1 };
    case 'put-head':
    case 'heads':
      return { kind, rendezvous: field('rendezvous').id(rendezvousIdFromBytes) };
    case 'roster':
      return {
        kind,
        cooperative: field('coop').id(cooperativeIdFromBytes),
        from: field('from').uint(ROSTER_MAX_ENTRIES),
      };
    case 'audit':
      return {
        kind,
        agreement: agreement(),
        commit: field('commit').bytes(SHA256_BYTES),
        digest: field('digest').bytes(SHA256_BYTES),
        count: field('count').uint(AUDIT_MAX_SEGMENTS, 1),
      };
    case 'audit-answer':
      return {
        kind,
        agreement: agreement(),
        commit: field('commit').bytes(SHA256_BYTES),
        chance: field('chance').bytes(AUDIT_CHANCE_BYTES),
        count: field('count').uint(AUDIT_MAX_SEGMENTS, 1),
      };
    case 'loss':
      return {
        kind,
        agreement: agreement(),
        cause: field('cause').oneOf(LOSS_CAUSES),
        rows: field('rows').uint(),
      };
    case 'partner-lists':
      return { kind, account: field.optional('account')?.id(accountIdFromBytes) };
    default:
      return kind satisfies never;
  }
}
