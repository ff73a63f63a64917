import { ROW_MAX, readLedgerRow, rowValue } from '../ledger/row.ts';
import type { AgreementId, CooperativeId, RendezvousId } from '../ids.ts';
import { agreementIdFromBytes, cooperativeIdFromBytes, idBytes, rendezvousIdFromBytes } from '../ids.ts';
import { ROSTER_MAX_ENTRIES, SHARD_MAX_SEGMENTS } from '../limits.ts';
import type { Fields } from '../schema.ts';
import type { LedgerRow } from '../snapshot/types.ts';

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
  | { readonly kind: 'roster'; readonly cooperative: CooperativeId; readonly from: number };

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
] as const satisfies readonly Ask['kind'][];

/** Items that the requester sends after the request. */
export function askItems(ask: Ask): number {
  switch (ask.kind) {
    case 'put':
      return ask.row.segments;
    case 'propose':
    case 'release':
    case 'put-head':
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
    default:
      return kind satisfies never;
  }
}
