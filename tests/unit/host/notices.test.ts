import { beforeEach, describe, expect, it } from 'vitest';
import type { Bytes } from '../../../src/core/bytes.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import {
  cooperativeIdFromBytes,
  deviceIdFromBytes,
  packIdFromBytes,
  parseAgreementId,
} from '../../../src/core/ids.ts';
import { makeDuty } from '../../../src/core/partnership/duty.ts';
import { makeLeaveNotice } from '../../../src/core/partnership/leave-notice.ts';
import { makePartnerList } from '../../../src/core/partnership/partner-list.ts';
import { makeRenegeReport } from '../../../src/core/partnership/renege-report.ts';
import { expectFault, patternBytes } from '../../contracts/expect-fault.ts';
import { DAY, NOW } from '../roster/members.ts';
import type { Member, Run } from './host-harness.ts';
import { Cooperative, Holder, suite } from './host-harness.ts';

const UNKNOWN = parseAgreementId('0'.repeat(32));

let cooperative: Cooperative;
let holder: Holder;
let run: Run;
let partner: Member;
let other: Member;
let third: Member;
let agreement: AgreementId;
beforeEach(async () => {
  cooperative = await Cooperative.found();
  holder = new Holder(cooperative, 'notices');
  run = await holder.start();
  [, partner, other, third] = cooperative.members as [Member, Member, Member, Member];
  agreement = await holder.agree(run, partner);
});

const kinds = (): readonly string[] => holder.notices.map(({ kind }) => kind);

describe('a loss', () => {
  it('is heard from any device of the account that holds, and from nobody else', async () => {
    const loss = { agreement, cause: 'damaged' as const, rows: 3 };
    await run.handler.loss(partner.peer, loss);
    const tablet = await cooperative.device(partner, 150);
    await run.handler.loss(tablet.peer, { ...loss, cause: 'evicted', rows: 0 });
    expect(holder.notices).toEqual([
      { kind: 'loss', peer: partner.peer, loss },
      { kind: 'loss', peer: tablet.peer, loss: { agreement, cause: 'evicted', rows: 0 } },
    ]);
    await expectFault(run.handler.loss(other.peer, loss), 'refused');
    await expectFault(run.handler.loss(partner.peer, { ...loss, agreement: UNKNOWN }), 'not-found');
    expect(kinds()).toHaveLength(2);
  });
});

describe('a notice of leaving', () => {
  const leave = (by: Member, device = partner.peer.device, of = agreement): Promise<Bytes> =>
    makeLeaveNotice(suite, by.signer, { agreement: of, device, at: NOW, until: NOW + 14 * DAY });

  it('is heard from the device that leaves or another of its account, signed by who tells it', async () => {
    await run.handler.leave(partner.peer, await leave(partner));
    const tablet = await cooperative.device(partner, 150);
    await run.handler.leave(tablet.peer, await leave(tablet));
    expect(holder.notices.map((notice) => notice.kind === 'leave' && notice.notice.until)).toEqual([
      NOW + 14 * DAY,
      NOW + 14 * DAY,
    ]);
    await expectFault(run.handler.leave(partner.peer, await leave(tablet)), 'corrupt');
    await expectFault(run.handler.leave(other.peer, await leave(other)), 'refused');
    await expectFault(run.handler.leave(other.peer, await leave(partner)), 'corrupt');
    const stranger = deviceIdFromBytes(patternBytes(20, 1));
    await expectFault(run.handler.leave(partner.peer, await leave(partner, stranger)), 'refused');
    await expectFault(
      run.handler.leave(partner.peer, await leave(partner, partner.peer.device, UNKNOWN)),
      'not-found',
    );
    await expectFault(run.handler.leave(partner.peer, new Uint8Array(10)), 'malformed');
    expect(kinds()).toHaveLength(2);
  });
});

describe('a report', () => {
  const report = (by: Member, against: Member, at = NOW, change: object = {}): Promise<Bytes> =>
    makeRenegeReport(suite, by.signer, {
      certificate: by.certificate,
      cooperative: cooperative.chain.roster.cooperative,
      against: { account: against.peer.account, device: against.peer.device },
      agreement,
      why: 'silent',
      since: NOW,
      at,
      ...change,
    });

  it('of a member against a member is kept, told on once, and given to members, newest first', async () => {
    const one = await report(partner, other, NOW + 1);
    const two = await report(third, other, NOW + 2);
    await run.handler.report(partner.peer, one);
    // Passed on by somebody else.
    await run.handler.report(partner.peer, two);
    await run.handler.report(third.peer, one);
    expect(kinds()).toEqual(['report', 'report']);
    expect(await run.handler.reports(other.peer)).toEqual([two, one]);
    run = await holder.start();
    expect(await run.handler.reports(other.peer)).toEqual([two, one]);
    await run.handler.report(partner.peer, one);
    expect(kinds()).toHaveLength(2);
    expect(run.host.reports.renegedOn(other.peer.account, NOW + DAY)).toBe(2);
    expect(run.host.reports.renegedOn(other.peer.account, NOW + 91 * DAY)).toBe(0);
    expect(run.host.reports.renegedOn(partner.peer.account, NOW)).toBe(0);
  });

  it('against this very device is kept and told, too', async () => {
    await run.handler.report(partner.peer, await report(partner, cooperative.holder));
    const [notice] = holder.notices;
    expect(notice?.kind === 'report' && notice.report.against.account).toBe(cooperative.holder.peer.account);
  });

  it('takes the place of an older one of the same two, never of a newer', async () => {
    const [older, newer] = [await report(partner, other, NOW), await report(partner, other, NOW + 5)];
    await run.handler.report(partner.peer, newer);
    await run.handler.report(partner.peer, older);
    expect(await run.handler.reports(third.peer)).toEqual([newer]);
    expect(kinds()).toHaveLength(1);
  });

  it('is refused from strangers, by strangers, against strangers, of another cooperative', async () => {
    const { stranger } = cooperative;
    await expectFault(run.handler.report(stranger.peer, await report(partner, other)), 'refused');
    await expectFault(run.handler.report(partner.peer, await report(stranger, other)), 'refused');
    await expectFault(run.handler.report(partner.peer, await report(partner, stranger)), 'refused');
    const elsewhere = { cooperative: cooperativeIdFromBytes(patternBytes(32, 1)) };
    await expectFault(
      run.handler.report(partner.peer, await report(partner, other, NOW, elsewhere)),
      'refused',
    );
    await expectFault(run.handler.reports(stranger.peer), 'refused');
    expect(await run.handler.reports(partner.peer)).toEqual([]);
    expect(kinds()).toEqual([]);
  });
});

describe('a list of partners', () => {
  const list = (by: Member, at = NOW, partners = 1): Promise<Bytes> =>
    makePartnerList(suite, by.signer, {
      certificate: by.certificate,
      cooperative: cooperative.chain.roster.cooperative,
      partners: Array.from({ length: partners }, () => ({
        device: other.peer.device,
        account: other.peer.account,
        agreement,
      })),
      at,
    });

  it('is kept for each device, the newest, and given to members', async () => {
    const tablet = await cooperative.device(partner, 150);
    const [one, two, three] = [await list(partner), await list(tablet), await list(other, NOW, 64)];
    await run.handler.putPartnerList(partner.peer, one);
    await cooperative.world.advance(1000);
    await run.handler.putPartnerList(tablet.peer, two);
    await cooperative.world.advance(1000);
    await run.handler.putPartnerList(other.peer, three);
    expect(await run.handler.partnerLists(third.peer, partner.peer.account)).toEqual([two, one]);
    expect(await run.handler.partnerLists(third.peer, undefined)).toEqual([three, two, one]);
    const newer = await list(partner, NOW + 1, 2);
    await run.handler.putPartnerList(partner.peer, newer);
    run = await holder.start();
    expect(await run.handler.partnerLists(third.peer, partner.peer.account)).toEqual([newer, two]);
  });

  it('from the device itself counts even when its clock has jumped back; from another only when it is newer', async () => {
    const tablet = await cooperative.device(partner, 150);
    const [before, after] = [await list(partner, NOW + 5), await list(partner, NOW, 2)];
    await run.handler.putPartnerList(partner.peer, before);
    await run.handler.putPartnerList(tablet.peer, after);
    expect(await run.handler.partnerLists(other.peer, undefined)).toEqual([before]);
    await run.handler.putPartnerList(partner.peer, after);
    expect(await run.handler.partnerLists(other.peer, undefined)).toEqual([after]);
  });

  it('is taken from its own account only, and from members', async () => {
    await expectFault(run.handler.putPartnerList(other.peer, await list(partner)), 'refused');
    const { stranger } = cooperative;
    await expectFault(run.handler.putPartnerList(stranger.peer, await list(stranger)), 'refused');
    await expectFault(run.handler.partnerLists(stranger.peer, undefined), 'refused');
    expect(await run.handler.partnerLists(other.peer, undefined)).toEqual([]);
  });

  it('of an account with very many devices pushes out its own, nobody else’s', async () => {
    const theirs = await list(other);
    await run.handler.putPartnerList(other.peer, theirs);
    for (let i = 0; i < 20; i++) {
      await cooperative.world.advance(10);
      const device = await cooperative.device(partner, 160 + i);
      await run.handler.putPartnerList(device.peer, await list(device));
    }
    expect(await run.handler.partnerLists(third.peer, partner.peer.account)).toHaveLength(16);
    expect(await run.handler.partnerLists(third.peer, other.peer.account)).toEqual([theirs]);
  });
});

describe('a duty', () => {
  const duty = async (by: Member): Promise<Bytes> => {
    const packs = [
      { packId: packIdFromBytes(patternBytes(16, 1)), code: parseCode('mirror:3'), shardBytes: 100 },
    ];
    const [part] = await makeDuty(suite, by.signer, { certificate: by.certificate, at: NOW, packs });
    return part!;
  };

  it('is taken from another device of our own account, and from no other account', async () => {
    const phone = await cooperative.device(cooperative.holder, 150);
    const encoded = await duty(phone);
    await run.handler.putDuty(phone.peer, encoded);
    expect(holder.notices).toMatchObject([{ kind: 'duty', encoded, duty: { part: 0, parts: 1 } }]);
    await expectFault(run.handler.putDuty(partner.peer, encoded), 'refused');
    await expectFault(run.handler.putDuty(partner.peer, await duty(partner)), 'refused');
    await expectFault(run.handler.putDuty(phone.peer, await duty(partner)), 'refused');
    expect(kinds()).toHaveLength(1);
  });
});
