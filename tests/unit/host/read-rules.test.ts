import { beforeEach, describe, expect, it } from 'vitest';
import { auditCommit, drawSegments } from '../../../src/core/audit/draw.ts';
import { acceptAgreement, proposeAgreement } from '../../../src/core/agreement/agreement.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { ledgerDigest } from '../../../src/core/ledger/row.ts';
import { MIB, SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import { expectFault, patternBytes } from '../../contracts/expect-fault.ts';
import { DAY } from '../roster/members.ts';
import type { Member, Run } from './host-harness.ts';
import { Cooperative, Holder, putBy, suite } from './host-harness.ts';
import { shard } from './store-harness.ts';

const YEAR = 365 * DAY;
const COMMITMENT_DAYS = 21;
const SHARD = shard(1, MIB);

let cooperative: Cooperative;
let holder: Holder;
let run: Run;
let owner: Member;

async function begin(commitmentDays: number): Promise<void> {
  cooperative = await Cooperative.found({ commitmentDays });
  holder = new Holder(cooperative, 'reads');
  run = await holder.start();
  owner = cooperative.members[1]!;
}

/** Reads the whole shard; returns the bytes that came. */
const read = async (agreement: AgreementId, by = owner): Promise<number> => {
  const segments = await run.handler.get(by.peer, agreement, SHARD.row.row, 0, SHARD.row.segments);
  return segments.reduce((sum, { length }) => sum + length, 0);
};

describe('reads of an owner in a team', () => {
  let agreement: AgreementId;
  beforeEach(async () => {
    await begin(0);
    // Twice 1.25 MiB a year: the shard's 1 MiB goes in twice.
    agreement = await holder.agree(run, owner, { gives: 1.25 * MIB, readsPerYear: 2 });
    await putBy(run, owner, agreement, SHARD);
  });

  it('are honoured from the first day, up to so many times the space a year, then refused with numbers', async () => {
    await read(agreement);
    await read(agreement);
    const error = await expectFault(read(agreement), 'refused');
    expect(error.message).toContain(String(2.5 * MIB));
    expect(error.message).toContain(String(2 * MIB));
    // What is left can still be read.
    await run.handler.get(owner.peer, agreement, SHARD.row.row, 0, 1);
  });

  it('begin anew after a year, and a holder’s clock that jumps back takes none of them away', async () => {
    await read(agreement);
    await read(agreement);
    holder.skew.ms = -3 * YEAR;
    await expectFault(read(agreement), 'refused');
    await cooperative.world.advance(YEAR);
    await read(agreement);
  });

  it('are counted over a restart, and over new agreements of the same devices', async () => {
    await read(agreement);
    await run.host.stop();
    run = await holder.start();
    await read(agreement);
    await run.host.stop();
    run = await holder.start();
    await expectFault(read(agreement), 'refused');
    const next = await holder.agree(run, owner, { gives: 1.25 * MIB, readsPerYear: 2, epoch: 2 });
    await expectFault(read(agreement), 'refused');
    await putBy(run, owner, next, shard(2, 1000));
    // More space, more reads.
    await holder.agree(run, owner, { gives: 4 * MIB, readsPerYear: 2, epoch: 3 });
    await read(agreement);
  });

  it('are written down half a minute later, once, so that a crash gives little away', async () => {
    await read(agreement);
    await cooperative.world.advance(31_000);
    await read(agreement);
    holder.disk.crash();
    run = await holder.start();
    await read(agreement);
    await expectFault(read(agreement), 'refused');
  });

  it('of two devices of its account draw on the same allowance; other partners have their own', async () => {
    const tablet = await cooperative.device(owner, 150);
    await read(agreement);
    await read(agreement, tablet);
    await expectFault(read(agreement, tablet), 'refused');
    const other = cooperative.members[2]!;
    const theirs = await holder.agree(run, other, { gives: MIB + 1000, readsPerYear: 1 });
    await putBy(run, other, theirs, SHARD);
    await read(theirs, other);
  });

  it('are not used up by audits', async () => {
    await read(agreement);
    await read(agreement);
    await expectFault(read(agreement), 'refused');
    expect(await audit(agreement, 1)).toHaveLength(16);
  });
});

describe('reads of an owner among strangers', () => {
  beforeEach(() => begin(COMMITMENT_DAYS));

  it('are refused until the commitment has been served, and honoured from then on', async () => {
    const agreement = await holder.agree(run, owner);
    await putBy(run, owner, agreement, SHARD);
    const error = await expectFault(read(agreement), 'refused');
    expect(error.message).toContain('21 days');
    await cooperative.world.advance(COMMITMENT_DAYS * DAY - 1);
    await expectFault(read(agreement), 'refused');
    await cooperative.world.advance(1);
    await read(agreement);
  });

  it('cannot be had sooner by a proposal that says it is old', async () => {
    const madeAt = holder.now() - YEAR;
    const agreement = await holder.agree(run, owner, { madeAt });
    await putBy(run, owner, agreement, SHARD);
    await expectFault(read(agreement), 'refused');
  });

  it('are not put off by renewing, by another device of the account, nor by a restart', async () => {
    const first = await holder.agree(run, owner);
    await putBy(run, owner, first, SHARD);
    await cooperative.world.advance(15 * DAY);
    for (let epoch = 2; epoch < 14; epoch++) await holder.agree(run, owner, { epoch });
    run = await holder.start();
    await expectFault(read(first), 'refused');
    const tablet = await cooperative.device(owner, 150);
    const theirs = await holder.agree(run, tablet);
    await putBy(run, tablet, theirs, SHARD);
    await cooperative.world.advance(6 * DAY);
    await read(first);
    await read(theirs, tablet);
  });

  it('wait for one commitment at most when the holder’s clock jumps back, and not again once it was served', async () => {
    const agreement = await holder.agree(run, owner);
    await putBy(run, owner, agreement, SHARD);
    holder.skew.ms = -YEAR;
    await expectFault(read(agreement), 'refused');
    await cooperative.world.advance(COMMITMENT_DAYS * DAY);
    await read(agreement);
    holder.skew.ms = -3 * YEAR;
    await read(agreement);
    run = await holder.start();
    await read(agreement);
  });

  it('are honoured at once when the policy becomes a team’s', async () => {
    const agreement = await holder.agree(run, owner);
    await putBy(run, owner, agreement, SHARD);
    await expectFault(read(agreement), 'refused');
    const steward = cooperative.members[0]!.person;
    const policy = { graceDays: 14, commitmentDays: 0 };
    await cooperative.chain.append(steward, { kind: 'policy', at: holder.now(), policy });
    await run.roster.sync((from) => Promise.resolve(cooperative.chain.entries.slice(from)));
    await read(agreement);
  });

  it('do not help a freeloader: what it left with another under its own agreement it cannot fetch to pass an audit', async () => {
    // The victim's piece, which the freeloader should keep itself and put with this holder as its own.
    const freeloader = cooperative.members[2]!;
    const relay = await holder.agree(run, freeloader);
    await putBy(run, freeloader, relay, SHARD);
    // It is audited by the victim: any segment may be drawn, and none can be had from here.
    for (let segment = 0; segment < SHARD.row.segments; segment++) {
      await expectFault(run.handler.get(freeloader.peer, relay, SHARD.row.row, segment, 1), 'refused');
    }
    await cooperative.world.advance((COMMITMENT_DAYS - 1) * DAY);
    await expectFault(run.handler.get(freeloader.peer, relay, SHARD.row.row, 3, 1), 'refused');
    // An audit of its own shows what is drawn, not what it needs, and counts.
    owner = freeloader;
    expect(await audit(relay, 1, 3)).toHaveLength(3);
  });
});

describe('a commitment', () => {
  it('begins when the agreement is made, not with a counter-proposal that came to nothing', async () => {
    await begin(COMMITMENT_DAYS);
    const terms = holder.terms(owner, { gives: 20 * 1024 * MIB });
    const proposal = await proposeAgreement(suite, owner.signer, terms);
    await run.handler.propose(owner.peer, proposal);
    await cooperative.world.advance(DAY);
    const agreement = await holder.agree(run, owner);
    await putBy(run, owner, agreement, SHARD);
    await cooperative.world.advance(20 * DAY);
    await expectFault(read(agreement), 'refused');
    await cooperative.world.advance(DAY);
    await read(agreement);
  });
});

describe('a commitment of an agreement that the holder proposed itself', () => {
  it('begins when it was proposed', async () => {
    await begin(COMMITMENT_DAYS);
    const { proposer, accepter, ...terms } = holder.terms(owner);
    const ours = { ...terms, proposer: accepter, accepter: proposer };
    const proposal = await proposeAgreement(suite, cooperative.holder.signer, ours);
    const { agreement } = await run.book.add(await acceptAgreement(suite, owner.signer, proposal));
    await putBy(run, owner, agreement.id, SHARD);
    await cooperative.world.advance((COMMITMENT_DAYS - 1) * DAY);
    await expectFault(read(agreement.id), 'refused');
    await cooperative.world.advance(DAY);
    await read(agreement.id);
  });
});

/** A whole audit of SHARD by the owner; returns what was shown. */
async function audit(agreement: AgreementId, seed: number, count = 64): Promise<readonly unknown[]> {
  const terms = {
    cooperative: owner.peer.cooperative,
    owner: { device: owner.peer.device, account: owner.peer.account },
    holder: cooperative.holder.peer.device,
    agreement,
    digest: ledgerDigest([SHARD.row]).digest,
    count,
  };
  const chance = patternBytes(32, seed);
  const commit = auditCommit(terms, chance);
  const theirs = await run.handler.openAudit(owner.peer, agreement, { commit, digest: terms.digest, count });
  const shown = await run.handler.answerAudit(owner.peer, agreement, { commit, chance, count });
  const drawn = drawSegments(terms, { owner: chance, holder: theirs }, [SHARD.row]);
  expect(shown.map((segment) => Buffer.from(segment!).toString('base64').slice(0, 40))).toEqual(
    drawn.map(({ segment }) =>
      Buffer.from(SHARD.sealed.subarray(segment * SEALED_SEGMENT_BYTES))
        .toString('base64')
        .slice(0, 40),
    ),
  );
  return shown;
}
