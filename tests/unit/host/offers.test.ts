import { beforeEach, describe, expect, it } from 'vitest';
import {
  acceptAgreement,
  isAgreement,
  proposeAgreement,
  verifyAgreement,
  verifyProposal,
} from '../../../src/core/agreement/agreement.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { GIB, MIB } from '../../../src/core/limits.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import type { Member, Run } from './host-harness.ts';
import { Cooperative, Holder, suite } from './host-harness.ts';
import { segmentsOf, shard } from './store-harness.ts';

/** bytes that the holder gives in all */
const OFFER = 10 * GIB;

let cooperative: Cooperative;
let holder: Holder;
let run: Run;
let owner: Member;
let other: Member;
beforeEach(async () => {
  cooperative = await Cooperative.found();
  holder = new Holder(cooperative, 'offers', OFFER);
  run = await holder.start();
  [owner, other] = [cooperative.members[1]!, cooperative.members[2]!];
});

/** Asks for so much space, and gives as much. */
async function ask(by: Member, gives: number, change: object = {}): Promise<Bytes> {
  const proposal = await proposeAgreement(suite, by.signer, holder.terms(by, { gives, ...change }));
  return run.handler.propose(by.peer, proposal);
}

describe('who has less room than asked', () => {
  it('offers what it has: the same terms with sides swapped, both giving less alike', async () => {
    const answer = await ask(owner, 16 * GIB);
    expect(isAgreement(answer)).toBe(false);
    const counter = await verifyProposal(suite, answer);
    expect(counter.proposer).toMatchObject({ device: cooperative.holder.peer.device, gives: OFFER });
    expect(counter.accepter).toMatchObject({ device: owner.peer.device, gives: OFFER });
    const { proposer: _, accepter: __, ...terms } = holder.terms(owner);
    expect(counter).toMatchObject(terms);
    // Nobody has promised anything yet.
    expect(run.book.all()).toEqual([]);
    const agreement = await acceptAgreement(suite, owner.signer, answer);
    await run.handler.accept(owner.peer, agreement);
    await run.handler.accept(owner.peer, agreement);
    expect(run.book.with(owner.peer.device).map(({ ours, theirs }) => [ours.gives, theirs.gives])).toEqual([
      [OFFER, OFFER],
    ]);
    expect(run.promises.promised).toBe(OFFER);
  });

  it('offers nothing when it has less than a quarter', async () => {
    expect(isAgreement(await ask(owner, 9 * GIB))).toBe(true);
    expect(isAgreement(await ask(other, 4 * GIB))).toBe(false);
    const full = await expectFault(ask(other, 4 * GIB + 4), 'full');
    expect(full.message).toContain(String(GIB));
  });

  it('keeps the space for two minutes, and no longer', async () => {
    const answer = await ask(owner, 16 * GIB);
    await expectFault(ask(other, GIB), 'full');
    await cooperative.world.advance(2 * 60_000);
    expect(isAgreement(await ask(other, GIB))).toBe(true);
    const late = await acceptAgreement(suite, owner.signer, answer);
    await expectFault(run.handler.accept(owner.peer, late), 'refused');
    expect(run.promises.promised).toBe(GIB);
  });

  it('keeps one counter-proposal for each device: a new proposal takes the place of the former', async () => {
    const first = await ask(owner, 16 * GIB);
    const second = await ask(owner, 20 * GIB, { epoch: 2 });
    await expectFault(
      run.handler.accept(owner.peer, await acceptAgreement(suite, owner.signer, first)),
      'refused',
    );
    await run.handler.accept(owner.peer, await acceptAgreement(suite, owner.signer, second));
    expect(run.promises.promised).toBe(OFFER);
    await cooperative.world.advance(10 * 60_000);
    expect(run.promises.promised).toBe(OFFER);
  });

  it('forgets its counter-proposals in a restart: they bound nobody', async () => {
    const answer = await ask(owner, 16 * GIB);
    run = await holder.start();
    const agreement = await acceptAgreement(suite, owner.signer, answer);
    await expectFault(run.handler.accept(owner.peer, agreement), 'refused');
    expect(run.promises.promised).toBe(0);
  });
});

describe('a proposer that writes our promises', () => {
  it('gets no bandwidth promised, and no agreement without end', async () => {
    const terms = holder.terms(owner);
    const fast = { accepter: { ...terms.accepter, bytesPerSecond: 1 } };
    expect((await expectFault(ask(owner, GIB, fast), 'refused')).message).toContain('bandwidth');
    const endless = { expiresAt: terms.madeAt + 3 * 365 * 24 * 3_600_000 };
    expect((await expectFault(ask(owner, GIB, endless), 'refused')).message).toContain('must end');
    expect(isAgreement(await ask(owner, GIB))).toBe(true);
  });
});

describe('an agreement by acceptance', () => {
  it('is taken of a counter-proposal of this device only, from the very device it was made to', async () => {
    const answer = await ask(owner, 16 * GIB);
    const agreement = await acceptAgreement(suite, owner.signer, answer);
    await expectFault(run.handler.accept(other.peer, agreement), 'refused');
    await expectFault(run.handler.accept(cooperative.stranger.peer, agreement), 'refused');
    // A whole agreement that the owner signed for both sides is none of ours.
    const forger = { publicKey: cooperative.holder.signer.publicKey, sign: owner.signer.sign };
    const terms = holder.terms(owner, { gives: 16 * GIB });
    const forged = await acceptAgreement(suite, forger, await proposeAgreement(suite, owner.signer, terms));
    await expectFault(run.handler.accept(owner.peer, forged), 'corrupt');
    await expectFault(run.handler.accept(owner.peer, answer), 'malformed');
    await run.handler.accept(owner.peer, agreement);
  });

  it('is refused when a newer one was made meanwhile', async () => {
    const answer = await ask(owner, 16 * GIB);
    const agreement = await acceptAgreement(suite, owner.signer, answer);
    // As when we proposed to it ourselves at the same moment.
    const ours = await proposeAgreement(suite, cooperative.holder.signer, {
      ...holder.terms(owner),
      proposer: holder.terms(owner).accepter,
      accepter: holder.terms(owner).proposer,
      epoch: 2,
    });
    await run.book.add(await acceptAgreement(suite, owner.signer, ours));
    await expectFault(run.handler.accept(owner.peer, agreement), 'refused');
  });
});

describe('a proposal', () => {
  it('is refused from who is no member, with too many reads a year, or another policy', async () => {
    await expectFault(ask(cooperative.stranger, GIB), 'refused');
    await expectFault(ask(owner, GIB, { readsPerYear: 65 }), 'refused');
    await expectFault(ask(owner, GIB, { graceDays: 1 }), 'refused');
    expect((await verifyAgreement(suite, await ask(owner, GIB, { readsPerYear: 64 }))).readsPerYear).toBe(64);
  });

  it('is refused from a device that broke its word lately, and from nobody else', async () => {
    holder.shunned.add(owner.peer.device);
    await expectFault(ask(owner, GIB), 'refused');
    expect(isAgreement(await ask(other, GIB))).toBe(true);
    holder.shunned.clear();
    expect(isAgreement(await ask(owner, GIB))).toBe(true);
  });

  it('after many others forgets none under which a put is under way', async () => {
    const first = await holder.agree(run, owner, { gives: MIB });
    const of = shard(1, MIB);
    const receiver = await run.handler.put(owner.peer, first, of.row);
    if (receiver === 'have') throw new Error('nothing was put yet');
    let newest = first;
    for (let epoch = 2; epoch < 12; epoch++) newest = await holder.agree(run, owner, { gives: MIB, epoch });
    expect(run.book.with(owner.peer.device)).toHaveLength(9);
    for (const segment of segmentsOf(of.sealed)) await receiver.segment(segment);
    await receiver.commit();
    // It counts in the allowance that both agreements share.
    await expectFault(run.handler.put(owner.peer, newest, shard(2, 1000).row), 'full');
    await run.handler.release(owner.peer, first, [1]);
    await run.handler.put(owner.peer, newest, shard(2, 1000).row);
  });

  it('that ended is listed only while something is held under it', async () => {
    await ask(owner, GIB);
    expect(await run.handler.agreements(owner.peer)).toHaveLength(1);
    await run.book.end(owner.peer.device, holder.now());
    expect(await run.handler.agreements(owner.peer)).toEqual([]);
    expect(run.promises.promised).toBe(0);
  });
});
