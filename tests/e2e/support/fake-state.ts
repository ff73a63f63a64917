import type { AgentState, PartnerState, PartnerView, SnapshotSummary } from '../../../src/agent/api.ts';
import {
  parseAccountId,
  parseAgreementId,
  parseCooperativeId,
  parseDeviceId,
  parseSnapshotId,
} from '../../../src/core/ids.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A valid BIP39 phrase of all-zero entropy: nobody's. */
export const WORDS =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about';
export const INVITE = `https://roost.example/#join=${'q7Zt1xW'.repeat(14)}`;

const account = (digit: string) => parseAccountId(digit.repeat(64));
const device = (digit: string) => parseDeviceId(digit.repeat(40));

export function emptyState(): AgentState {
  return {
    phase: 'new',
    account: undefined,
    device: undefined,
    deviceLabel: 'Chromium on Linux',
    broker: { online: true, reason: undefined },
    cooperative: undefined,
    health: {
      state: 'empty',
      partners: 0,
      canLose: 0,
      online: 0,
      sameComputer: false,
      lastSavedAt: undefined,
      reason: undefined,
      suspects: 0,
      missing: 0,
      awaited: 0,
      lossPerYear: undefined,
      restorableNow: undefined,
      risks: [],
    },
    folders: [],
    partners: [],
    space: {
      used: 200 * MIB,
      quota: 160 * GIB,
      storageClass: 'tab',
      persisted: false,
      offered: 0,
      promised: 0,
      held: 0,
    },
    uploadLimit: undefined,
    task: undefined,
    activity: [],
  };
}

interface PartnerLine {
  readonly name: string;
  readonly label: string;
  readonly platform: string;
  readonly storageClass: string;
  readonly state?: PartnerState;
  readonly reason?: string;
  readonly online?: boolean;
  /** hours since it proved something; null before the first proof */
  readonly proved?: number | null;
  readonly graceDays?: number;
  readonly schedule?: readonly number[];
  readonly held?: number;
}

/** A week in UTC in which `there` tells the share of each hour. */
const week = (there: (day: number, hour: number) => number): readonly number[] =>
  Array.from({ length: 168 }, (_, hour) => there(Math.floor(hour / 24), hour % 24));

const OFFICE_HOURS = week((day, hour) => (day < 5 && hour >= 8 && hour < 18 ? 0.9 : 0.04));
const EVENINGS = week((day, hour) => {
  const from = day < 5 ? 17 : 10;
  return hour >= from && hour < 23 ? 0.75 : hour >= from - 1 ? 0.3 : 0;
});
const ALWAYS = week(() => 0.99);

const PARTNERS: readonly PartnerLine[] = [
  {
    name: 'Amira',
    label: 'Kitchen laptop',
    platform: 'firefox on linux',
    storageClass: 'tab',
    schedule: EVENINGS,
  },
  {
    name: 'Bo',
    label: 'Study',
    platform: 'chromium on windows',
    storageClass: 'installed',
    schedule: OFFICE_HOURS,
  },
  { name: 'Chiara', label: 'Old MacBook', platform: 'webkit on macos', storageClass: 'tab', proved: null },
  {
    name: 'Dele',
    label: 'Cupboard server',
    platform: 'nodejs on linux',
    storageClass: 'appliance',
    schedule: ALWAYS,
  },
  { name: 'Edda', label: 'Work laptop', platform: 'chromium on macos', storageClass: 'tab', online: false },
  {
    name: 'Farid',
    label: 'Tablet',
    platform: 'chromium on android',
    storageClass: 'installed',
    state: 'suspect',
    reason: `silent:${Date.now() - 50 * HOUR_MS}`,
    online: false,
    graceDays: 10,
    proved: 70,
    schedule: EVENINGS,
  },
];

/** A partner in each state, for each reason that it can have. */
const STORIES: readonly (readonly [PartnerState, string | undefined])[] = [
  ['candidate', 'new'],
  ['negotiating', 'new'],
  ['active', undefined],
  ['suspect', `silent:${Date.now() - 50 * HOUR_MS}`],
  ['suspect', `proof-failed:${Date.now() - 3 * HOUR_MS}`],
  ['suspect', `proof-unanswered:${Date.now() - 30 * HOUR_MS}`],
  ['active', `lost-pieces:${Date.now() - 5 * HOUR_MS}`],
  ['evicted', `evicted:${Date.now() - 20 * HOUR_MS}`],
  ['leaving', `leaving:${Date.now() + 12 * DAY_MS}`],
  ['reneged', `reneged-silent:${Date.now() - 2 * DAY_MS}`],
  ['reneged', `reneged-proof:${Date.now() - 2 * DAY_MS}`],
  ['departed', 'no-member'],
  ['departed', `ended:${Date.now() - 40 * DAY_MS}`],
  ['suspect', 'not-thought-of-yet'],
];

function partnerOf(line: PartnerLine, index: number): PartnerView {
  const { proved = 3 } = line;
  const digit = (index + 1).toString(16);
  return {
    device: device(digit),
    account: account(digit),
    name: line.name,
    deviceLabel: line.label,
    state: line.state ?? 'active',
    reason: line.reason,
    online: line.online ?? true,
    lastSeenAt: Date.now() - (line.online === false ? 50 * HOUR_MS : 60_000),
    lastProofAt: proved === null ? undefined : Date.now() - proved * HOUR_MS,
    proofs: { passed: proved === null ? 0 : 14, failed: line.state === 'suspect' ? 1 : 0 },
    graceEndsAt: line.graceDays === undefined ? undefined : Date.now() + line.graceDays * DAY_MS,
    schedule: line.schedule ?? [],
    agreement: parseAgreementId(digit.repeat(32)),
    terms: {
      madeAt: Date.now() - 60 * DAY_MS,
      expiresAt: Date.now() + 305 * DAY_MS,
      graceDays: 14,
      commitmentDays: 0,
      readsPerYear: 4,
      auditHours: 24,
    },
    held: line.held ?? (600 + 137 * index) * MIB,
    holding: (300 + 211 * index) * MIB,
    givesUs: 2 * GIB,
    weGive: 2 * GIB,
    platform: line.platform,
    storageClass: line.storageClass,
  };
}

/** A partner in each state for each reason. */
export function storyPartners(): readonly PartnerView[] {
  return STORIES.map(([state, reason = ''], index) => ({
    ...partnerOf(
      {
        name: `${state} ${reason.split(':')[0] ?? ''}`.trim(),
        label: 'Laptop',
        platform: 'firefox on linux',
        storageClass: 'tab',
        state,
        online: state === 'active',
        ...(reason === '' ? {} : { reason }),
        ...(state === 'suspect' ? { graceDays: 10 } : {}),
        ...(index % 3 === 0 ? { proved: null } : {}),
        ...(index % 2 === 0 ? { schedule: OFFICE_HOURS } : {}),
      },
      index,
    ),
    ...(state === 'candidate' || state === 'negotiating'
      ? { agreement: undefined, terms: undefined, held: 0, holding: 0, givesUs: 0, weGive: 0 }
      : {}),
    ...(state === 'evicted' || state === 'reneged' || state === 'departed' ? { held: 0 } : {}),
  }));
}

/** An entry of each event that the agent may log about partners, and one that nobody has thought of. */
export function storyActivity(): AgentState['activity'] {
  const known = { device: device('1'), name: 'Amira' };
  const gone = { device: device('e'), name: 'Wren' };
  const entries: readonly (readonly [string, Record<string, string | number>])[] = [
    ['partner-state', { ...known, from: 'active', to: 'suspect', reason: 'silent' }],
    ['audit-passed', { ...known, segments: 12 }],
    ['audit-failed', { ...known, reason: 'wrong-bytes' }],
    ['audit-lost', { ...known, pieces: 3 }],
    ['partner-lost-pieces', { ...gone, pieces: 9, cause: 'evicted' }],
    ['partner-suspect', { ...known, reason: 'silent', days: 14 }],
    ['partner-back', { ...known, away: 50 }],
    ['partner-reneged', { ...gone, reason: 'reneged-silent' }],
    ['partner-reported', { against: device('2'), by: device('3') }],
    ['repair-done', { pieces: 40, bytes: 90 * MIB, seconds: 31 }],
    ['repair-waits', { pieces: 4 }],
    ['stood-in', { pieces: 3 }],
    ['rebalanced', { pieces: 6 }],
    ['agreement-made', { ...known, bytes: 2 * GIB }],
    ['agreement-renewed', { ...known }],
    ['agreement-resized', { ...known, bytes: 4 * GIB }],
    ['agreement-ended', { ...gone }],
    ['leaving', { ...known, until: Date.now() + 12 * DAY_MS }],
    ['clock-jumped', { hours: -8760 }],
    ['reported-us', { by: device('5') }],
    ['delegate-set', { device: device('b') }],
    ['delegate-duty', { packs: 120 }],
    ['checked', { proved: 5, failed: 1 }],
    ['moon-eclipsed', {}],
  ];
  return entries.map(([event, details], index) => ({
    at: Date.now() - (index + 1) * 5 * HOUR_MS,
    event,
    details,
    level: index % 4 === 0 ? 'warning' : index % 7 === 0 ? 'problem' : 'info',
  }));
}

export function memberState(): AgentState {
  const now = Date.now();
  const partners = PARTNERS.map(partnerOf);
  return {
    ...emptyState(),
    phase: 'member',
    account: account('a'),
    device: device('a'),
    cooperative: {
      id: parseCooperativeId('c'.repeat(64)),
      name: 'The Lindens',
      role: 'steward',
      members: [
        { account: account('a'), name: 'Noor', role: 'steward', self: true, online: true },
        ...partners.map((partner, index) => ({
          account: partner.account,
          name: partner.name,
          role: index === 0 ? ('steward' as const) : ('member' as const),
          self: false,
          online: partner.online,
        })),
      ],
    },
    health: {
      state: 'protected',
      partners: 6,
      canLose: 3,
      online: 4,
      sameComputer: false,
      lastSavedAt: now - 12 * 60_000,
      reason: undefined,
      suspects: 0,
      missing: 0,
      awaited: 0,
      lossPerYear: 0.9e-6,
      restorableNow: 0.9991,
      risks: [],
    },
    folders: [
      {
        name: 'Letters',
        health: 'protected',
        lastSavedAt: now - 12 * 60_000,
        files: 214,
        bytes: 52_000_000,
        hidden: 3,
      },
      {
        name: 'Photos',
        health: 'protected',
        lastSavedAt: now - 12 * 60_000,
        files: 8412,
        bytes: 42_824_000_000,
        hidden: 0,
      },
      {
        name: 'Taxes',
        health: 'protected',
        lastSavedAt: now - 12 * 60_000,
        files: 97,
        bytes: 91_000_000,
        hidden: 0,
      },
    ],
    partners,
    space: {
      used: 5.4 * GIB,
      quota: 160 * GIB,
      storageClass: 'tab',
      persisted: false,
      offered: 20 * GIB,
      promised: 12 * GIB,
      held: 4.9 * GIB,
    },
    activity: [
      {
        at: now - 12 * 60_000,
        event: 'saved',
        details: { files: 8723, bytes: 4e10, sent: 31_000_000 },
        level: 'info',
      },
      { at: now - 3 * HOUR_MS, event: 'pieces-remade', details: { pieces: 14 }, level: 'info' },
      {
        at: now - 3.2 * HOUR_MS,
        event: 'pieces-lost',
        details: { device: device('6'), pieces: 14 },
        level: 'warning',
      },
      {
        at: now - 26 * HOUR_MS,
        event: 'save-failed',
        details: { fault: 'too-few', reason: 'needs 3 partners, got 1' },
        level: 'problem',
      },
      { at: now - 27 * HOUR_MS, event: 'restored', details: { files: 42, failed: 0 }, level: 'info' },
      { at: now - 80 * HOUR_MS, event: 'founded', details: { name: 'The Lindens' }, level: 'info' },
    ],
  };
}

export function fakeSnapshots(): readonly SnapshotSummary[] {
  return [0, 1, 2, 5, 9].map((days, index) => ({
    snapshot: parseSnapshotId(String(index + 1).repeat(32)),
    device: device('a'),
    deviceLabel: 'Chromium on Linux',
    startedAt: Date.now() - days * 24 * HOUR_MS - 12 * 60_000,
    endedAt: Date.now() - days * 24 * HOUR_MS,
    files: 8723 - days * 40,
    bytes: 42_967_000_000 - days * 9_000_000,
    unreadableCount: index === 2 ? 3 : 0,
  }));
}
