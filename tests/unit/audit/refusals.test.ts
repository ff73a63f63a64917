import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import type { AuditingParts } from '../../../src/agent/partners/auditing.ts';
import { Auditing } from '../../../src/agent/partners/auditing.ts';
import { PartnerError } from '../../../src/core/errors.ts';
import { parseAgreementId, parseDeviceId, parsePackId } from '../../../src/core/ids.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';

const HOLDER = parseDeviceId('55'.repeat(20));
const AGREEMENT = parseAgreementId('11'.repeat(16));
const DAY = 24 * 3_600_000;
const ROW: LedgerRow = {
  row: 1,
  packId: parsePackId('00'.repeat(16)),
  shard: 0,
  bytes: 17,
  segments: 1,
  hash: new Uint8Array(32),
};

/** A holder that never lets an audit begin, for it says that its ledger has one row more than ours; our own head waits all the time. */
function scene(
  extra: LedgerRow,
  waiting: readonly number[],
): { auditing: Auditing; clock: VirtualClock; events: string[] } {
  const clock = new VirtualClock();
  const state = new Map<string, unknown>();
  const events: string[] = [];
  let record = {
    standing: { state: 'active', reason: 'none', silentMs: 0, graceUsedMs: 0, since: 0 },
    streak: 9,
    auditAt: 0,
    passed: 1,
    failed: 0,
    lostPieces: 0,
  };
  const placement = { ...ROW, holder: HOLDER, agreement: AGREEMENT };
  const repository = {
    state: (key: string) => Promise.resolve(state.get(key)),
    apply: (changes: readonly { key: string; value: unknown }[]) => {
      for (const { key, value } of changes) state.set(key, value);
      return Promise.resolve();
    },
    operations: { state: (key: string, value: unknown) => ({ key, value }) },
    ownHead: () => Promise.resolve({ acknowledged: false }),
    rows: {
      ledger: () => Promise.resolve([placement]),
      releases: () => Promise.resolve(waiting),
      removePlacements: () => Promise.resolve(),
      unknownRows: () => Promise.resolve([extra.row]),
      markForRelease: () => Promise.resolve(),
    },
  };
  const remote = {
    peer: { device: HOLDER, cooperative: '22'.repeat(32), certificate: {} },
    openAudit: () => Promise.reject(new PartnerError('refused', 'ledger has another digest')),
    ledgerDigest: () => Promise.resolve({ rows: 2, bytes: 34, digest: new Uint8Array(32) }),
    ledger: (_agreement: string, after: number) =>
      Promise.resolve([ROW, extra].filter(({ row }) => row > after)),
  };
  const cooperation = {
    session: () => Promise.resolve(remote),
    connected: () => [remote],
    ledgers: () => [{ holder: HOLDER, agreement: AGREEMENT, adopted: false }],
    agreements: {
      with: () => [{ endedAt: 0, agreement: { auditHours: 336 } }],
      adopted: () => [],
      get: () => undefined,
    },
    records: {
      get: () => record,
      update: (_device: string, change: object) => {
        record = { ...record, ...change };
      },
    },
    judge: (_device: string, { kind }: { kind: string }) => events.push(kind),
  };
  const nothing = (): Promise<undefined> => Promise.resolve(undefined);
  const parts = {
    context: {
      device: '33'.repeat(20),
      keys: { account: '44'.repeat(32) },
      repository,
      platform: {
        clock,
        log: silentLog,
        random: { bytes: (length: number) => new Uint8Array(length), fraction: () => 0.5 },
      },
    },
    cooperation,
    pending: { get: nothing, put: nothing, drop: nothing },
    heldBy: () => 17,
    standsInFor: () => new Set(),
    nameOf: () => 'h',
    tell: () => undefined,
    onLost: () => undefined,
  } as unknown as AuditingParts;
  return { auditing: new Auditing(parts), clock, events };
}

async function auditFor(days: number, { auditing, clock }: ReturnType<typeof scene>): Promise<void> {
  for (let day = 0; day < days; day++) {
    await auditing.auditDue();
    await clock.advance(DAY);
  }
}

describe('a holder that says that its ledger differs, while none of our heads is acknowledged', () => {
  it('is held to it when it made up what it has beside our rows', async () => {
    const made = scene({ ...ROW, row: 99 }, []);
    await auditFor(5, made);
    expect(made.events).toContain('proof-unanswered');
  });

  it('is excused when that is what it was to drop, and could not be told', async () => {
    const told = scene({ ...ROW, row: 99 }, [99]);
    await auditFor(40, told);
    expect(told.events).toEqual([]);
  });
});
