import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentApi, CheckReport, CheckedPartner, Health, PartnerView } from '../../../src/agent/api.ts';
import { callIn } from './call.ts';
import { DEVICE, fakeAgent, fakeAgents, memberState, partnerView } from './fake-agents.ts';

/** Nothing is kept there. */
const HOME = join(tmpdir(), 'roost-cli-no-home');
const DAY_MS = 86_400_000;
const NOON = new Date(2026, 10, 20, 12).getTime();

const call = (agent: AgentApi, ...args: readonly string[]) => callIn(HOME, fakeAgents(agent), args);

describe('check', () => {
  const report = (...outcomes: readonly CheckedPartner['outcome'][]): CheckReport => ({
    partners: outcomes.map((outcome, at) => ({
      device: partnerView(String(at + 1)).device,
      name: `Partner ${at + 1}`,
      outcome,
      segments: outcome === 'proved' ? 5 : 0,
      heldBytes: outcome === 'nothing' ? 0 : 2 ** 30,
    })),
    provedBytes: outcomes.filter((outcome) => outcome === 'proved').length * 2 ** 30,
    movedBytes: 2 ** 20,
    seconds: 3,
    packs: 4,
    outOfReach: 0,
    introduced: true,
  });
  const agentWith = (...outcomes: readonly CheckedPartner['outcome'][]): AgentApi =>
    fakeAgent(memberState(), { check: () => Promise.resolve(report(...outcomes)) });

  it.each([
    [['proved', 'proved'], 0],
    [['proved', 'unreachable', 'nothing'], 0],
    [['proved', 'failed'], 1],
    [['proved', 'lost', 'unreachable'], 1],
    [['failed', 'unreachable'], 1],
    [['unreachable', 'unreachable'], 4],
    [['unreachable', 'nothing'], 4],
    [['nothing'], 1],
    [[], 1],
  ] as const)('of partners that end as %j ends with %i', async (outcomes, expected) => {
    const { code, lines } = await call(agentWith(...outcomes), 'check', '--json');
    expect(code).toBe(expected);
    expect(lines).toHaveLength(outcomes.length + 1);
    expect(lines.at(-1)).toEqual({ event: 'done', ...report(...outcomes) });
    for (const [at, outcome] of outcomes.entries()) {
      const { device, name, segments, heldBytes } = report(...outcomes).partners[at]!;
      expect(lines[at]).toEqual({ device, name, outcome, segments, heldBytes });
    }
  });

  it('says how much was proved by moving how little', async () => {
    const { text } = await call(agentWith('proved', 'unreachable', 'proved'), 'check');
    expect(text).toContain('Proved 2.0 GiB at 2 partners by moving 1.0 MiB in 3 s.');
    expect(text).toContain('22222222  not reached  Partner 2');
    expect(text).not.toContain('broker');
  });

  it.each([
    [['proved', 'unreachable', 'unreachable'], 4],
    [['proved', 'failed', 'unreachable'], 1],
  ] as const)(
    'says when too few of %j answered to restore everything, and ends with %i',
    async (outcomes, expected) => {
      const short = fakeAgent(memberState(), {
        check: () => Promise.resolve({ ...report(...outcomes), outOfReach: 3 }),
      });
      const { code, text } = await call(short, 'check');
      expect(code).toBe(expected);
      expect(text).toContain('Too few of them answered: at this moment not everything could be restored.');
      expect((await call(short, 'check', '--json')).lines.at(-1)).toMatchObject({ packs: 4, outOfReach: 3 });
    },
  );

  it('does not blame partners alone while the broker is away', async () => {
    const away: AgentApi = fakeAgent(memberState(), {
      check: () => Promise.resolve({ ...report('proved', 'unreachable'), introduced: false }),
    });
    expect((await call(away, 'check')).errors).toContain('The broker did not answer');
  });
});

describe('partners', () => {
  it.each([
    [
      { state: 'suspect', reason: `silent:${NOON}`, graceEndsAt: NOON + 14 * DAY_MS },
      'has not answered since 2026-11-20; replaced on 2026-12-04 unless it returns',
    ],
    [
      { state: 'suspect', reason: `proof-failed:${NOON}`, graceEndsAt: NOON + DAY_MS },
      'its proofs have been wrong since 2026-11-20; replaced on 2026-11-21;',
    ],
    [
      { state: 'leaving', reason: `leaving:${NOON}` },
      'leaves on 2026-11-20, pieces move to others before that',
    ],
    [{ state: 'evicted', reason: `evicted:${NOON}` }, 'took the storage away on 2026-11-20'],
    [{ state: 'departed', reason: 'no-member' }, 'is not in the cooperative any more'],
    [{ state: 'suspect', reason: 'unheard-of:7' }, 'has to put something right'],
    [{ lastProofAt: NOON }, 'keeps its promise'],
    [
      { reason: `lost-pieces:${NOON}`, lastProofAt: NOON },
      'its last proof, before it lost some, was 2026-11-20',
    ],
    [{ lastProofAt: undefined }, 'holds pieces of yours'],
    [{ held: 0, lastProofAt: NOON }, 'is ready to hold pieces; online'],
    [{ held: 0, givesUs: 0 }, 'gives you no space'],
  ] satisfies readonly (readonly [Partial<PartnerView>, string])[])(
    'that are %j are told as "%s"',
    async (changes, words) => {
      const agent = fakeAgent(memberState({ partners: [partnerView('1', changes)] }));
      const { code, text } = await call(agent, 'partners');
      expect(code).toBe(0);
      expect(text).toContain(words);
    },
  );

  it('tell proof, hours and agreement to programs', async () => {
    const terms = {
      madeAt: NOON,
      expiresAt: NOON + 365 * DAY_MS,
      graceDays: 14,
      commitmentDays: 0,
      readsPerYear: 4,
      auditHours: 24,
    };
    const schedule = Array.from({ length: 168 }, (_, hour) => (hour % 24 < 12 ? 1 : 0));
    const proofs = { passed: 7, failed: 1 };
    const partner = partnerView('1', { terms, schedule, proofs, lastProofAt: NOON });
    const agent = fakeAgent(memberState({ partners: [partner] }));
    const { lines } = await call(agent, 'partners', '--json');
    expect(lines).toEqual([
      expect.objectContaining({ terms, schedule, proofs, lastProofAt: NOON, onlineShare: 0.5 }),
    ]);
    const { text } = await call(agent, 'partners');
    expect(text).toContain('online 50 % of the time');
    expect(text).toContain('proved 2026-11-20 12:00:00 that it keeps your pieces (7 proofs right, 1 not)');
    expect(text).toContain('agreement ends 2027-11-20');
  });

  it('are ended by a unique beginning of the id, and never by a guess', async () => {
    const ended: string[] = [];
    const agent = fakeAgent(memberState({ partners: [partnerView('1'), partnerView('2')] }), {
      endPartnership: (device) => {
        ended.push(device);
        return Promise.resolve();
      },
    });
    expect((await call(agent, 'partners', '--end', '3333', '--json')).lines[0].fault).toBe('not-found');
    expect((await call(agent, 'partners', '--end', '22', '--json')).lines[0].fault).toBe('usage');
    const twin = fakeAgent(memberState({ partners: [partnerView('1'), partnerView('1')] }));
    expect((await call(twin, 'partners', '--end', '1111', '--json')).lines[0].fault).toBe('usage');
    expect(ended).toEqual([]);
    const { code, lines } = await call(agent, 'partners', '--end', '2222', '--json');
    expect(code).toBe(0);
    expect(ended).toEqual([partnerView('2').device]);
    expect(lines).toEqual([{ event: 'done', ended: ended[0] }]);
  });

  it('let no control character of a name reach the terminal', async () => {
    const partner = partnerView('1', { name: 'a\u{1b}[2Jb', deviceLabel: 'c\nd' });
    const { text } = await call(fakeAgent(memberState({ partners: [partner] })), 'partners');
    expect(text).not.toContain('\u{1b}');
    expect(text).not.toContain('c\nd');
  });
});

describe('status', () => {
  const health: Health = {
    ...memberState().health,
    state: 'protected',
    partners: 6,
    canLose: 3,
    online: 4,
    suspects: 2,
    missing: 5,
    awaited: 3,
    lossPerYear: 0.93e-6,
    restorableNow: 0.99996,
    risks: [
      { kind: 'domain', domain: 'family:chromium' },
      { kind: 'too-few-partners', partners: 6, wanted: 9 },
    ],
  };
  const agent = fakeAgent(memberState({ health }));

  it('says in words why files are at risk, and chances above one half as such', async () => {
    const atRisk: Health = {
      ...health,
      state: 'at-risk',
      reason: 'packs-incomplete',
      canLose: 0,
      lossPerYear: 0.93,
    };
    const { text } = await call(fakeAgent(memberState({ health: atRisk })), 'status');
    expect(text).toContain('At risk, some pieces are not at enough partners yet: 6 partners hold it');
    expect(text).toContain('the chance of losing anything is more than 1 in 2 a year');
  });

  it('tells what is going on and what remains risky', async () => {
    const { text } = await call(agent, 'status');
    expect(text).toContain('Protected: 6 partners hold it, any 3 can be lost.');
    expect(text).toContain('2 of 6 partners are silent or owe a proof; 1 more may be lost.');
    expect(text).toContain('5 pieces are missing and being made again elsewhere.');
    expect(text).toContain('3 more pieces go out when partners that are away are back.');
    expect(text).toContain('in one kind of browser or program (chromium)');
    expect(text).toContain('safer with 9 partners than with 6');
    expect(text).toContain('4 of 6 partners are online: everything could be restored now.');
    expect(text).toContain('about 1 in 1,000,000 a year; at any moment 99.9 %');
  });

  it('never promises a restore when more are away than may be lost', async () => {
    const { text } = await call(fakeAgent(memberState({ health: { ...health, online: 2 } })), 'status');
    expect(text).toContain('perhaps not enough to restore everything now');
  });

  it('gives programs the same', async () => {
    const { suspects, missing, awaited, lossPerYear, restorableNow, risks } = health;
    const { lines } = await call(agent, 'status', '--json');
    expect(lines).toEqual([
      expect.objectContaining({ suspects, missing, awaited, lossPerYear, restorableNow, risks }),
    ]);
  });
});

describe('sheet', () => {
  it('lists where to begin and who holds pieces', async () => {
    const { device, name, deviceLabel } = partnerView('7');
    const sheet = {
      origin: 'https://roost.example',
      cooperative: 'Friends',
      account: memberState().account!,
      check: '5d1f0a2c',
      partners: [{ device, name, deviceLabel }],
    };
    const agent = fakeAgent(memberState(), { recoverySheet: () => sheet });
    expect((await call(agent, 'sheet', '--json')).lines).toEqual([sheet]);
    const { text } = await call(agent, 'sheet');
    for (const part of ['https://roost.example', 'Friends', '5d1f0a2c', '77777777  Partner 7 (laptop)']) {
      expect(text).toContain(part);
    }
  });
});

describe('delegate', () => {
  it('is a whole device id, or none', async () => {
    const set: (string | undefined)[] = [];
    const agent = fakeAgent(memberState(), {
      setDelegate: (device) => {
        set.push(device);
        return Promise.resolve();
      },
    });
    expect((await call(agent, 'delegate', DEVICE, '--json')).lines).toEqual([
      { event: 'done', delegate: DEVICE },
    ]);
    expect((await call(agent, 'delegate', 'none', '--json')).lines).toEqual([
      { event: 'done', delegate: null },
    ]);
    expect(set).toEqual([DEVICE, undefined]);
    expect((await call(agent, 'delegate', DEVICE.slice(1), '--json')).code).toBe(2);
  });
});

describe('limit', () => {
  it('is set, taken away, and told', async () => {
    let uploadLimit: number | undefined;
    const agent: AgentApi = {
      ...fakeAgent(memberState()),
      get state() {
        return memberState({ uploadLimit });
      },
      setUploadLimit: async (bytes) => {
        uploadLimit = bytes;
      },
    };
    const told = async (...args: readonly string[]): Promise<unknown> =>
      (await call(agent, 'limit', ...args, '--json')).lines;
    expect(await told('--upload', '2MiB')).toEqual([{ event: 'done', uploadLimit: 2 ** 21 }]);
    expect(await told()).toEqual([{ event: 'done', uploadLimit: 2 ** 21 }]);
    expect((await call(agent, 'limit')).text).toContain('At most 2.0 MiB a second are sent.');
    expect(await told('--upload', 'none')).toEqual([{ event: 'done', uploadLimit: null }]);
    expect((await call(agent, 'limit', '--upload', 'fast', '--json')).code).toBe(2);
    expect(uploadLimit).toBeUndefined();
  });
});
