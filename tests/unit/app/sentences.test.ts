import { describe, expect, it } from 'vitest';
import type { AgentState, CheckReport, PartnerView } from '../../../src/agent/api.ts';
import { activitySentence } from '../../../src/app/sentences/activity.ts';
import { checkSentence } from '../../../src/app/sentences/check.ts';
import { healthSentence } from '../../../src/app/sentences/health.ts';
import {
  keepsForUs,
  partnerLabel,
  partnerSentence,
  proofSentence,
} from '../../../src/app/sentences/partner.ts';
import { sheetFileName, sheetText } from '../../../src/app/sentences/sheet.ts';
import { formatChance, formatMoment, formatShare } from '../../../src/app/text/format.ts';
import { parseDeviceId } from '../../../src/core/ids.ts';
import { memberState, storyActivity, storyPartners } from '../../e2e/support/fake-state.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** a Friday */
const NOW = new Date(2026, 10, 20, 12).getTime();

describe('a partner', () => {
  const suspect = (reason: string, changes: Partial<PartnerView> = {}): string =>
    partnerSentence(
      {
        state: 'suspect',
        reason,
        graceEndsAt: NOW + 14 * DAY_MS,
        held: 1,
        givesUs: 1,
        lastProofAt: undefined,
        ...changes,
      },
      NOW,
    );

  it('that owes something is told with what happens next', () => {
    expect(suspect(`silent:${NOW - 3 * DAY_MS}`)).toBe(
      'Has not answered since Tuesday; its pieces move to somebody else on December 4 unless it returns.',
    );
    expect(suspect(`proof-failed:${NOW - DAY_MS}`)).toBe(
      'Its proofs have been wrong since yesterday; its pieces move to somebody else on December 4.',
    );
    expect(suspect('silent', { graceEndsAt: undefined })).toContain('unless it returns in time');
    expect(suspect(`silent:${NOW}`, { graceEndsAt: NOW - 1 })).toContain('move to somebody else soon');
    expect(suspect(`silent:${NOW - 30 * DAY_MS}`, { held: 0 })).toBe(
      'Has not answered since October 21; the partnership ends on December 4 unless it returns.',
    );
  });

  it('is never called silent when it lies, nor a liar when it lost its storage', () => {
    for (const partner of storyPartners()) {
      const sentence = partnerSentence(partner, NOW);
      const code = partner.reason?.split(':')[0] ?? '';
      expect(/answer|silent/.test(sentence), sentence).toBe(
        ['silent', 'proof-unanswered', 'reneged-silent', 'not-thought-of-yet'].includes(code),
      );
      if (code === 'evicted') expect(sentence).toContain('not its fault');
      if (code.startsWith('proof-')) expect(partnerLabel(partner)).not.toBe('Not answering');
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(sentence).not.toMatch(/undefined|NaN|Invalid/);
    }
  });

  it('is said to have proved something only when it has', () => {
    const facts = { state: 'active', reason: undefined, held: 1, givesUs: 1 } as const;
    expect(proofSentence({ ...facts, lastProofAt: NOW - 3 * HOUR_MS }, NOW)).toBe(
      'Proved 3 hours ago that it keeps your pieces.',
    );
    expect(proofSentence({ ...facts, lastProofAt: undefined }, NOW)).toContain('not proved yet');
    expect(proofSentence({ ...facts, held: 0, lastProofAt: undefined }, NOW)).toBeUndefined();
    expect(proofSentence({ ...facts, state: 'departed', lastProofAt: NOW }, NOW)).toBeUndefined();
    const kept = { ...facts, graceEndsAt: undefined };
    expect(partnerSentence({ ...kept, lastProofAt: undefined }, NOW)).toBe('Holds pieces for you.');
    expect(partnerSentence({ ...kept, lastProofAt: NOW }, NOW)).toBe('Keeps its promise.');
  });

  it('that holds nothing has no promise to keep, whatever it proved before', () => {
    const facts = { state: 'active', reason: undefined, graceEndsAt: undefined, lastProofAt: NOW } as const;
    const ready = { ...facts, held: 0, givesUs: 1 };
    expect([partnerLabel(ready), partnerSentence(ready, NOW)]).toEqual([
      'Ready',
      'Ready to hold pieces for you.',
    ]);
    const taking = { ...facts, held: 0, givesUs: 0 };
    expect([partnerLabel(taking), partnerSentence(taking, NOW)]).toEqual([
      'Gives no space',
      'Gives you no space, so it holds nothing for you.',
    ]);
    expect([ready, taking].map((partner) => proofSentence(partner, NOW))).toEqual([undefined, undefined]);
  });

  it('that lost pieces is not said to keep them, nor to have proved that', () => {
    const lost = {
      ...({ state: 'active', held: 1, givesUs: 1, graceEndsAt: undefined } as const),
      reason: `lost-pieces:${NOW - HOUR_MS}`,
      lastProofAt: NOW - 3 * HOUR_MS,
    };
    expect(partnerLabel(lost)).toBe('Lost pieces');
    expect(partnerSentence(lost, NOW)).toContain('lost some of your pieces');
    expect(proofSentence(lost, NOW)).toBe('Its last proof was 3 hours ago.');
  });

  it('counts while it holds pieces, or has promised space and is there', () => {
    const [partner] = memberState().partners;
    const counts = (changes: Partial<PartnerView>): boolean =>
      keepsForUs({ ...partner!, held: 0, ...changes });
    expect(counts({})).toBe(true);
    expect(counts({ state: 'suspect' })).toBe(true);
    expect(counts({ givesUs: 0 })).toBe(false);
    expect(counts({ givesUs: 0, held: 1 })).toBe(true);
    expect(counts({ state: 'evicted' })).toBe(false);
    expect(counts({ state: 'reneged', held: 1 })).toBe(true);
  });
});

describe('health', () => {
  const told = (changes: Partial<AgentState['health']>, partners = memberState().partners) =>
    healthSentence(
      { ...memberState(), partners, health: { ...memberState().health, lastSavedAt: NOW, ...changes } },
      NOW,
    );

  it('stays protected with a second line while no more are suspect than may be lost', () => {
    const { sentence, notes } = told({ suspects: 2, canLose: 3 });
    expect(sentence).toBe('Protected: 6 of 6 partners hold it, any 3 can be lost.');
    expect(notes.map((note) => note.sentence)).toEqual([
      '2 of 6 partners are silent; your files are still safe: 1 more may be lost.',
    ]);
    expect(told({ suspects: 3, canLose: 3 }).notes[0]?.sentence).toContain('no other may be lost');
  });

  it('counts all that keep pieces or would, and none that gives no space', () => {
    const [first, ...others] = memberState().partners;
    const partners = [...others, { ...first!, held: 0, givesUs: 0 }];
    expect(told({ partners: 5 }, partners).sentence).toContain('5 of 5 partners hold it');
    expect(told({ partners: 5, sameComputer: true }, partners).sentence).toContain(
      'all 5 partners are on it',
    );
    const ready = [...others, { ...first!, held: 0 }];
    expect(told({ partners: 5 }, ready).sentence).toContain('5 of 6 partners hold it');
    expect(told({ partners: 5, sameComputer: true }, ready).sentence).toContain(
      'the 5 of 6 partners that hold your pieces are on it',
    );
  });

  it('promises a restore only while no more are away than may be lost', () => {
    expect(told({ online: 6 }).next).toContain('all of them are online: everything could be restored');
    expect(told({ online: 3 }).next).toContain('3 of 6 are online: everything could be restored');
    expect(told({ online: 2 }).next).toContain('perhaps not enough');
    expect(told({ online: 2, sameComputer: true }).next).toContain('perhaps not enough');
    expect(told({ online: 6, sameComputer: true }).next).not.toContain('online');
    expect(told({ online: 0 }).next).toContain('none of them is online');
  });

  it('tells what is being made again, and who lost it', () => {
    const partners = memberState().partners.map((partner, index) =>
      index === 0 ? { ...partner, state: 'evicted' as const, reason: `evicted:${NOW}` } : partner,
    );
    expect(told({ state: 'at-risk', missing: 12 }, partners).notes[0]?.sentence).toBe(
      '1 partner lost its pieces; 12 are being made again elsewhere.',
    );
    expect(told({ awaited: 3, online: 4 }).notes).toEqual([
      {
        kind: 'awaited',
        sentence:
          'Your files are saved, and get safer still: 3 pieces more go out when partners that are away are back.',
      },
    ]);
    // Nobody is waited for where all are here.
    expect(told({ awaited: 1, online: 6 }).notes[0]?.sentence).toBe(
      'Your files are saved, and get safer still: 1 piece more goes out within some hours.',
    );
    expect(told({ state: 'at-risk', missing: 1 }).notes[0]?.sentence).toBe(
      '1 piece is missing and being made again elsewhere.',
    );
    expect(
      told({ state: 'at-risk', reason: 'holders-lost-pieces', missing: 12 }, partners).notes[0]?.sentence,
    ).toBe('12 pieces are still to be made again.');
  });

  it('tells risks in words, and none that the sentence tells already', () => {
    const risks = [
      { kind: 'domain', domain: 'family:chromium' },
      { kind: 'domain', domain: 'place:77aa' },
      { kind: 'domain', domain: 'computer:' },
      { kind: 'account', domain: `account:${'1'.repeat(64)}` },
      { kind: 'too-few-partners', partners: 3, wanted: 6 },
    ] as const;
    expect(told({ risks }).notes.map((note) => note.sentence)).toEqual([
      'Many of your pieces are in one kind of browser (Chromium), in one neighbourhood, on one computer, and with one member: what hits one may hit all.',
      'It would be safer with 6 partners than with 3.',
    ]);
    const same = told({ sameComputer: true, risks: [{ kind: 'domain', domain: 'computer:' }] });
    expect(same.notes).toEqual([]);
    expect(told({ risks: [{ kind: 'domain', domain: 'family:nodejs' }] }).notes[0]?.sentence).toContain(
      'in one kind of program (Node.js)',
    );
  });
});

describe('the log', () => {
  it('has a sentence for every event, and a fallback for those of a newer version', () => {
    for (const entry of storyActivity()) {
      const sentence = activitySentence(entry, memberState().partners);
      expect(sentence).toMatch(/^[A-Z1-9].*\.$/);
      expect(sentence).not.toMatch(/undefined|NaN|[0-9a-f]{32}/);
      expect(sentence.startsWith('Noted:'), sentence).toBe(entry.event === 'moon-eclipsed');
    }
  });

  it('names a partner by what it is called now, and one that is gone by what it was called', () => {
    const details = { device: parseDeviceId('9'.repeat(40)), name: 'Wren', pieces: 2 };
    const entry = { at: NOW, event: 'audit-lost', level: 'warning', details } as const;
    expect(activitySentence(entry, [])).toContain('Wren');
    const [amira] = memberState().partners;
    expect(activitySentence(entry, [{ ...amira!, device: details.device }])).toContain('Amira');
  });
});

describe('a check', () => {
  const report = (
    outcomes: Readonly<Record<string, CheckReport['partners'][number]['outcome']>>,
  ): CheckReport => ({
    partners: Object.entries(outcomes).map(([name, outcome]) => ({
      device: parseDeviceId('1'.repeat(40)),
      name,
      outcome,
      segments: 5,
      heldBytes: 2 ** 30,
    })),
    provedBytes: 2 ** 30,
    movedBytes: 2 ** 20,
    seconds: 3,
    packs: 4,
    outOfReach: 0,
    introduced: true,
  });

  it('is good only when all proved, and names who did not', () => {
    expect(checkSentence(report({ Amira: 'proved' }))).toEqual({
      tone: 'good',
      sentence: '1 partner proved in 3 s that it keeps your pieces: 1 GiB, by moving 1 MiB.',
      others: [],
    });
    const partly = checkSentence(report({ Amira: 'proved', Bo: 'unreachable', Chiara: 'unreachable' }));
    expect([partly.tone, ...partly.others]).toEqual(['calm', 'Not reached: Bo and Chiara.']);
    const bad = checkSentence(report({ Amira: 'proved', Bo: 'failed', Dele: 'lost' }));
    expect([bad.tone, ...bad.others]).toEqual([
      'bad',
      'Could not prove it: Bo.',
      'Lost pieces of yours, by their own word: Dele.',
    ]);
    expect(checkSentence(report({ Bo: 'failed' })).sentence).toContain('No partner proved');
    expect(checkSentence(report({ Bo: 'unreachable' })).sentence).toContain('No partner could be reached');
    expect(checkSentence(report({})).sentence).toContain('No partner holds anything');
  });

  it('does not blame partners alone while the broker is away', () => {
    const alone = checkSentence({ ...report({ Bo: 'unreachable' }), introduced: false });
    expect(alone.sentence).toContain('no broker either');
    const some = checkSentence({ ...report({ Amira: 'proved', Bo: 'unreachable' }), introduced: false });
    expect(some.others.at(-1)).toContain('broker');
  });

  it('says when too few answered to restore everything', () => {
    const { tone, others } = checkSentence({
      ...report({ Amira: 'proved', Bo: 'unreachable' }),
      outOfReach: 1,
    });
    expect(tone).toBe('calm');
    expect(others.at(-1)).toContain('Too few of them answered');
  });
});

describe('the sheet as a file', () => {
  const sheet = {
    origin: 'https://roost.example',
    cooperative: 'Die Linden / Süd\n',
    account: memberState().account!,
    check: '5d1f0a2c',
    partners: [
      { name: 'Eve\nAddress: https://evil.example', deviceLabel: 'x', device: parseDeviceId('7'.repeat(40)) },
    ],
  };

  it('lists address, cooperative and partners, one a line whatever their names are', () => {
    const text = sheetText(sheet, 'https://roost.example/', NOW);
    expect(text).toContain('Address: https://roost.example/\n');
    expect(text).toContain('  77777777  Eve Address: https://evil.example, x\n');
    expect(text.match(/^Address:/gm)).toHaveLength(1);
  });

  it('has a name that every system takes', () => {
    expect(sheetFileName(sheet)).toBe('roost-recovery-die-linden-süd.txt');
    expect(sheetFileName({ ...sheet, cooperative: '///' })).toBe('roost-recovery-sheet.txt');
  });
});

describe('figures', () => {
  it('never round up to certainty, nor claim more digits than are known', () => {
    expect([1, 0.99996, 0.995, 0.871, 0].map(formatShare)).toEqual([
      '100 %',
      '99.9 %',
      '99.5 %',
      '87 %',
      '0 %',
    ]);
    expect([0.93e-6, 0.003, 0.4, 1, 0].map(formatChance)).toEqual([
      'about 1 in 1,000,000',
      'about 1 in 300',
      'about 1 in 3',
      'more than 1 in 2',
      'about 1 in 1,000,000,000',
    ]);
  });

  it('tell a moment so that it can stand after "since"', () => {
    expect(formatMoment(NOW - 24 * HOUR_MS, NOW)).toBe('yesterday');
    expect(formatMoment(NOW - 6 * DAY_MS, NOW)).toBe('Saturday');
    expect(formatMoment(NOW - 7 * DAY_MS, NOW)).toBe('November 13');
    expect(formatMoment(NOW - 2 * HOUR_MS, NOW)).toMatch(/^10:00/);
  });
});
