import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { AUDITS_PER_DAY, DRAWN_PER_DAY } from '../../../src/agent/host/audit-desk.ts';
import type { AuditTerms } from '../../../src/core/audit/draw.ts';
import { auditCommit, countSegments, drawSegments } from '../../../src/core/audit/draw.ts';
import type { AuditOutcome, ReceiptFields } from '../../../src/core/audit/receipt.ts';
import { signReceipt, verifyReceipt } from '../../../src/core/audit/receipt.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { faultOf } from '../../../src/core/errors.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { ledgerDigest } from '../../../src/core/ledger/row.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import { expectFault, patternBytes } from '../../contracts/expect-fault.ts';
import type { Member, Run } from './host-harness.ts';
import { Cooperative, Holder, putBy, suite } from './host-harness.ts';
import type { Shard } from './store-harness.ts';
import { segmentsOf, shard } from './store-harness.ts';

const HOUR = 3_600_000;

let cooperative: Cooperative;
let holder: Holder;
let run: Run;
let owner: Member;
let agreement: AgreementId;
let shards: Shard[];

/** Some rows with holes; the last segment of each is shorter. */
const SHARDS = [1, 2, 4, 7].map((row) => shard(row, 3 * SEALED_SEGMENT_BYTES + 100 * row));

beforeEach(async () => {
  cooperative = await Cooperative.found();
  holder = new Holder(cooperative, 'audits');
  run = await holder.start();
  owner = cooperative.members[1]!;
  agreement = await holder.agree(run, owner);
  shards = [...SHARDS];
  for (const one of shards) await putBy(run, owner, agreement, one);
});

interface Audit {
  readonly by: Member;
  readonly terms: AuditTerms;
  readonly chance: Bytes;
  readonly commit: Bytes;
}

/** What an owner commits itself to; `seed` makes its chance. */
function prepare(seed: number, count = 5, by = owner): Audit {
  const terms: AuditTerms = {
    cooperative: by.peer.cooperative,
    owner: { device: by.peer.device, account: by.peer.account },
    holder: cooperative.holder.peer.device,
    agreement,
    digest: ledgerDigest(shards.map(({ row }) => row)).digest,
    count,
  };
  const chance = patternBytes(32, seed);
  return { by, terms, chance, commit: auditCommit(terms, chance) };
}

const open = ({ by, terms, commit }: Audit): Promise<Bytes> =>
  run.handler.openAudit(by.peer, agreement, { commit, digest: terms.digest, count: terms.count });

const answer = ({ by, terms, commit, chance }: Audit): Promise<readonly (Bytes | undefined)[]> =>
  run.handler.answerAudit(by.peer, agreement, { commit, chance, count: terms.count });

/** Names of segments by their content, quicker to compare than a megabyte. */
const named = (segments: readonly (Bytes | undefined)[]): readonly string[] =>
  segments.map((segment) =>
    segment === undefined ? 'lost' : createHash('sha256').update(segment).digest('hex'),
  );

/** What the owner expects to see. */
function expected({ terms, chance }: Audit, theirs: Bytes): readonly { row: number; segment: Bytes }[] {
  const rows = shards.map(({ row }) => row);
  return drawSegments(terms, { owner: chance, holder: theirs }, rows).map(({ row, segment }) => ({
    row: row.row,
    segment: segmentsOf(shards.find((one) => one.row === row)!.sealed)[segment]!,
  }));
}

function receiptOf(
  { by, terms, commit }: Audit,
  outcome: AuditOutcome,
  change: Partial<ReceiptFields> = {},
): Promise<Bytes> {
  const rows = shards.map(({ row }) => row);
  return signReceipt(suite, by.signer, {
    cooperative: terms.cooperative,
    agreement,
    owner: { account: by.peer.account, devicePublicKey: by.signer.publicKey },
    holder: {
      account: cooperative.holder.peer.account,
      devicePublicKey: cooperative.holder.signer.publicKey,
    },
    at: holder.now(),
    commit,
    digest: terms.digest,
    rows: rows.length,
    segments: countSegments(rows),
    count: terms.count,
    outcome,
    ...change,
  });
}

/** Flips a byte in the middle of a stored shard. */
function rot(one: Shard): void {
  for (const [name, volume] of holder.disk.volumes) {
    const bytes = Buffer.from(volume.read(0, volume.length));
    const at = bytes.indexOf(one.sealed.subarray(0, 64));
    if (at >= 0) {
      holder.disk.flip(name, at + 70_000);
      return;
    }
  }
  throw new Error('the shard is on no volume');
}

describe('an audit', () => {
  it('shows exactly the segments that both chances draw, byte for byte', async () => {
    for (const count of [1, 5, 64]) {
      const audit = prepare(count, count);
      const theirs = await open(audit);
      const shown = await answer(audit);
      expect(shown).toHaveLength(Math.min(count, countSegments(shards.map(({ row }) => row))));
      expect(named(shown)).toEqual(named(expected(audit, theirs).map(({ segment }) => segment)));
    }
  });

  it('gives the same chance for the same commitment, and a new one for each new commitment', async () => {
    const [one, two] = [prepare(1), prepare(2)];
    const first = await open(one);
    expect(first).toHaveLength(32);
    expect(await open(one)).toEqual(first);
    await answer(one);
    expect(await open(one)).toEqual(first);
    expect(await open(two)).not.toEqual(first);
  });

  it('is shown again, as often as the day allows, until another is begun', async () => {
    const audit = prepare(1, 5);
    await open(audit);
    const shown = await answer(audit);
    for (let times = 1; times < DRAWN_PER_DAY / 5 - 1; times++)
      expect(named(await answer(audit))).toEqual(named(shown));
    await expectFault(answer(audit), 'busy');
    await cooperative.world.advance(48 * HOUR);
    expect(named(await answer(audit))).toEqual(named(shown));
    run = await holder.start();
    expect(named(await answer(audit))).toEqual(named(shown));
    await open(prepare(2));
    await expectFault(answer(audit), 'not-found');
  });

  it('says honestly what is lost, marks the row, and says the same when asked again', async () => {
    const audit = prepare(3, 64);
    const theirs = await open(audit);
    rot(shards[1]!);
    const shown = await answer(audit);
    const lostRow = shards[1]!.row.row;
    expect(named(shown)).toEqual(
      named(expected(audit, theirs).map(({ row, segment }) => (row === lostRow ? undefined : segment))),
    );
    expect(shown.filter((segment) => segment === undefined)).toHaveLength(4);
    expect(run.host.store.lostRows(agreement)).toBe(1);
    // The ledger lacks the row now, but what was drawn stays drawn.
    expect((await run.handler.ledgerDigest(owner.peer, agreement)).rows).toBe(3);
    expect(named(await answer(audit))).toEqual(named(shown));
    // Its owner lets it go, and asks once more.
    await run.handler.release(owner.peer, agreement, [lostRow]);
    expect(named(await answer(audit))).toEqual(named(shown));
  });

  it('of a ledger with nothing in it shows nothing', async () => {
    await run.handler.release(
      owner.peer,
      agreement,
      shards.map(({ row }) => row.row),
    );
    shards = [];
    const audit = prepare(1);
    await open(audit);
    expect(await answer(audit)).toEqual([]);
  });
});

describe('an owner cannot', () => {
  it('begin an audit of another ledger than the holder has', async () => {
    shards = shards.slice(1);
    await expectFault(open(prepare(1)), 'refused');
  });

  it('grind: while an audit is unanswered no other begins, for 20 hours', async () => {
    await open(prepare(1));
    const busy = await expectFault(open(prepare(2)), 'busy');
    expect(busy.message).toContain('20 hours');
    await cooperative.world.advance(20 * HOUR - 1000);
    await expectFault(open(prepare(2)), 'busy');
    await cooperative.world.advance(1000);
    await open(prepare(2));
    await expectFault(answer(prepare(1)), 'not-found');
  });

  it('show another chance than it committed to, or another count', async () => {
    const audit = prepare(1);
    await open(audit);
    await expectFault(answer({ ...audit, chance: patternBytes(32, 2) }), 'refused');
    await expectFault(answer({ ...audit, terms: { ...audit.terms, count: 6 } }), 'refused');
    await expectFault(
      run.handler.openAudit(owner.peer, agreement, {
        commit: audit.commit,
        digest: audit.terms.digest,
        count: 6,
      }),
      'refused',
    );
    expect(await answer(audit)).toHaveLength(5);
  });

  it('have drawn from a ledger that has changed; it begins anew, at once', async () => {
    const audit = prepare(1);
    await open(audit);
    const more = shard(9, 1000);
    await putBy(run, owner, agreement, more);
    await expectFault(answer(audit), 'refused');
    await expectFault(answer(audit), 'refused');
    shards = [...shards, more];
    const next = prepare(2);
    await open(next);
    expect(await answer(next)).toHaveLength(5);
  });

  it('be kept from what was drawn by a piece that came and went meanwhile', async () => {
    const audit = prepare(1);
    const theirs = await open(audit);
    const more = shard(9, 500);
    await putBy(run, owner, agreement, more);
    await expectFault(answer(audit), 'refused');
    await run.handler.release(owner.peer, agreement, [9]);
    expect(named(await answer(audit))).toEqual(named(expected(audit, theirs).map(({ segment }) => segment)));
  });

  it(`have more than ${AUDITS_PER_DAY} audits a day, or more than ${DRAWN_PER_DAY} segments`, async () => {
    for (let i = 0; i < AUDITS_PER_DAY; i++) {
      const audit = prepare(i, 7);
      await open(audit);
      await answer(audit);
    }
    await expectFault(open(prepare(99)), 'refused');
    await cooperative.world.advance(24 * HOUR);
    for (let i = 0; i < DRAWN_PER_DAY / 64; i++) {
      const audit = prepare(200 + i, 64);
      await open(audit);
      await answer(audit);
    }
    await expectFault(open(prepare(300, 1)), 'refused');
    await cooperative.world.advance(24 * HOUR);
    await open(prepare(300, 1));
  });

  it('draw more by having many agreements', async () => {
    let drawn = 0;
    for (let epoch = 0; epoch < 6; epoch++) {
      if (epoch > 0) {
        agreement = await holder.agree(run, owner, { epoch: epoch + 1 });
        for (const one of shards) await putBy(run, owner, agreement, one);
      }
      for (let i = 0; i < DRAWN_PER_DAY / 64; i++) {
        const audit = prepare(1000 * epoch + i, 64);
        if (drawn >= 4 * DRAWN_PER_DAY) {
          await expectFault(open(audit), 'refused');
          continue;
        }
        await open(audit);
        await answer(audit);
        drawn += 64;
      }
    }
    expect(drawn).toBe(4 * DRAWN_PER_DAY);
  });

  it('see more by having what was drawn under many agreements shown again', async () => {
    const reveals: { readonly id: AgreementId; readonly chance: Bytes; readonly commit: Bytes }[] = [];
    for (let epoch = 2; epoch <= 12; epoch++) {
      const id = await holder.agree(run, owner, { epoch, gives: 2 ** 28 });
      const one = shard(1, 3 * SEALED_SEGMENT_BYTES + 100);
      await putBy(run, owner, id, one);
      const terms: AuditTerms = {
        ...prepare(epoch).terms,
        agreement: id,
        digest: ledgerDigest([one.row]).digest,
        count: 4,
      };
      const chance = patternBytes(32, epoch);
      const commit = auditCommit(terms, chance);
      await run.handler.openAudit(owner.peer, id, { commit, digest: terms.digest, count: 4 });
      reveals.push({ id, chance, commit });
    }
    let shown = 0;
    for (const { id, chance, commit } of reveals) {
      for (;;) {
        const asked = run.handler.answerAudit(owner.peer, id, { commit, chance, count: 4 });
        const segments = await asked.catch(faultOf);
        if (typeof segments === 'string') {
          expect(segments).toBe('busy');
          break;
        }
        shown += segments.length;
      }
    }
    expect(shown).toBeLessThanOrEqual(4 * DRAWN_PER_DAY);
    expect(shown).toBeGreaterThan(3 * DRAWN_PER_DAY);
  });

  it('make the holder walk its ledger again and again by an audit that is void', async () => {
    const audit = prepare(7);
    await open(audit);
    await putBy(run, owner, agreement, shard(9, 100));
    let walks = 0;
    const { store } = run.host;
    const ledger = store.ledger.bind(store);
    store.ledger = (...asked) => {
      walks++;
      return ledger(...asked);
    };
    const { commit, chance, terms } = audit;
    for (let i = 0; i < 20; i++)
      await expectFault(
        run.handler.answerAudit(owner.peer, agreement, { commit, chance, count: terms.count }),
        'refused',
      );
    expect(walks).toBe(0);
  });

  it('be kept waiting for ever by a holder whose clock jumped', async () => {
    await open(prepare(1));
    holder.skew.ms = -365 * 24 * HOUR;
    const two = prepare(2);
    await open(two);
    expect(await answer(two)).toHaveLength(5);
    holder.skew.ms = 365 * 24 * HOUR;
    expect(await answer(two)).toHaveLength(5);
    await open(prepare(3));
  });

  it('audit what it does not own: another account, or an agreement that is not known', async () => {
    const other = cooperative.members[2]!;
    const audit = { ...prepare(1), by: other };
    await expectFault(open(audit), 'refused');
    await expectFault(answer(audit), 'refused');
    await expectFault(
      run.handler.receipt(other.peer, await receiptOf(prepare(1, 5, other), 'passed')),
      'refused',
    );
    const unknown = agreement.replaceAll(/./g, '0') as AgreementId;
    const { commit, chance, terms } = prepare(1);
    await expectFault(
      run.handler.openAudit(owner.peer, unknown, { commit, digest: terms.digest, count: 5 }),
      'not-found',
    );
    await expectFault(
      run.handler.answerAudit(owner.peer, unknown, { commit, chance, count: 5 }),
      'not-found',
    );
  });

  it('use the audit of another device of its account', async () => {
    const tablet = await cooperative.device(owner, 150);
    const audit = prepare(1);
    await open(audit);
    await expectFault(answer({ ...audit, by: tablet }), 'not-found');
    await answer(audit);
    // Another device of the account may audit, with a commitment of its own.
    const own = prepare(2, 5, tablet);
    const theirs = await open(own);
    expect(named(await answer(own))).toEqual(named(expected(own, theirs).map(({ segment }) => segment)));
  });
});

describe('a receipt', () => {
  it('is signed by the holder when it says what the holder showed', async () => {
    const audit = prepare(1);
    await open(audit);
    await answer(audit);
    const receipt = await receiptOf(audit, 'passed');
    const signed = await run.handler.receipt(owner.peer, receipt);
    expect(await verifyReceipt(suite, signed)).toMatchObject({ outcome: 'passed', agreement, count: 5 });
    expect(await run.handler.receipt(owner.peer, receipt)).toEqual(signed);
  });

  it('is signed with "lost" after the holder has said so, and not with "passed"', async () => {
    const audit = prepare(1, 64);
    await open(audit);
    rot(shards[0]!);
    await answer(audit);
    await expectFault(run.handler.receipt(owner.peer, await receiptOf(audit, 'passed')), 'refused');
    await run.handler.receipt(owner.peer, await receiptOf(audit, 'lost'));
  });

  it('is not signed when it says anything else than what happened', async () => {
    const audit = prepare(1);
    await open(audit);
    await expectFault(run.handler.receipt(owner.peer, await receiptOf(audit, 'passed')), 'refused');
    await answer(audit);
    const bad: readonly [AuditOutcome, Partial<ReceiptFields>, 'refused' | 'not-found'][] = [
      ['failed', {}, 'refused'],
      ['lost', {}, 'refused'],
      ['passed', { rows: 5 }, 'refused'],
      ['passed', { segments: 1 }, 'refused'],
      ['passed', { count: 6 }, 'refused'],
      ['passed', { digest: patternBytes(32, 1) }, 'refused'],
      ['passed', { commit: patternBytes(32, 1) }, 'not-found'],
    ];
    for (const [outcome, change, fault] of bad) {
      await expectFault(run.handler.receipt(owner.peer, await receiptOf(audit, outcome, change)), fault);
    }
    const forOther = { account: owner.peer.account, devicePublicKey: owner.signer.publicKey };
    await expectFault(
      run.handler.receipt(owner.peer, await receiptOf(audit, 'passed', { holder: forOther })),
      'refused',
    );
    await expectFault(run.handler.receipt(owner.peer, new Uint8Array(100)), 'malformed');
  });
});

describe('a holder that crashes at any operation of an audit', () => {
  it('tells one chance for one commitment, and shows one draw', async () => {
    const audit = prepare(1, 64);
    let crashes = 0;
    for (let at = 1; ; at++) {
      // A fresh disk each time: the same audit, crashing one operation later.
      holder = new Holder(cooperative, `crash ${at}`);
      run = await holder.start();
      const id = await holder.agree(run, owner);
      expect(id).toBe(agreement);
      for (const one of shards) await putBy(run, owner, agreement, one);
      rot(shards[2]!);
      const told: Bytes[] = [];
      const shown: (readonly (Bytes | undefined)[])[] = [];
      const before = holder.disk.operations;
      holder.disk.crashAt(at);
      const goThrough = async (): Promise<void> => {
        told.push(await open(audit));
        shown.push(await answer(audit));
      };
      await goThrough().catch(() => undefined);
      const crashed = holder.disk.crashed;
      holder.disk.crashAt(undefined);
      if (crashed) {
        crashes++;
        run = await holder.start();
        await goThrough();
      }
      expect(new Set(told.map((chance) => Buffer.from(chance).toString('hex'))).size).toBe(1);
      const draw = expected(audit, told[0]!);
      for (const proof of shown) {
        expect(named(proof)).toEqual(
          named(draw.map(({ row, segment }) => (row === 4 ? undefined : segment))),
        );
      }
      expect(shown.length).toBeGreaterThan(0);
      if (!crashed) {
        expect(holder.disk.operations - before).toBeLessThan(at + 1);
        break;
      }
    }
    expect(crashes).toBeGreaterThan(8);
  });
});
