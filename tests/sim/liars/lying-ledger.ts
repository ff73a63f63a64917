import type { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { encodeCbor } from '../../../src/core/cbor.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { encodeLedgerRow, ledgerDigest } from '../../../src/core/ledger/row.ts';
import { countSegments } from '../../../src/core/audit/draw.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import { AUDIT_CHANCE_BYTES } from '../../../src/core/wire/limits.ts';
import { packList } from '../../../src/core/wire/list.ts';
import type { Liar } from './liar-tap.ts';

/**
 * Tells what its ledger once was, whatever has become of the pieces, and keeps to itself that it lost them. Bytes it does not have it
 * makes up.
 */
export function lyingLedger(
  random: SeededRandom,
  once: ReadonlyMap<AgreementId, readonly LedgerRow[]>,
): Liar {
  const madeUp = (count: number): Bytes[] =>
    Array.from({ length: count }, () => random.bytes(Math.min(1000, SEALED_SEGMENT_BYTES)));
  return {
    asked: (request) => {
      const { ask } = request;
      if (!('agreement' in ask)) return 'pass';
      const rows = once.get(ask.agreement);
      if (rows === undefined) return 'pass';
      switch (ask.kind) {
        case 'ledger-digest':
          request.answer([encodeCbor({ ...ledgerDigest(rows) })]);
          return 'swallow';
        case 'ledger':
          request.answer(packList(rows.filter(({ row }) => row > ask.after).map(encodeLedgerRow)));
          return 'swallow';
        case 'audit':
          request.answer([random.bytes(AUDIT_CHANCE_BYTES)]);
          return 'swallow';
        case 'audit-answer':
          request.answer(madeUp(Math.min(ask.count, countSegments(rows))));
          return 'swallow';
        case 'get':
          request.answer(madeUp(ask.count));
          return 'swallow';
        default:
          return 'pass';
      }
    },
    asking: (_to, ask) => (ask.kind === 'loss' ? 'swallow' : 'pass'),
  };
}
