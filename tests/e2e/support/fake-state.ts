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
}

const PARTNERS: readonly PartnerLine[] = [
  { name: 'Amira', label: 'Kitchen laptop', platform: 'Firefox on Linux', storageClass: 'tab' },
  { name: 'Bo', label: 'Study', platform: 'Chromium on Windows', storageClass: 'installed' },
  { name: 'Chiara', label: 'Old MacBook', platform: 'Safari on macOS', storageClass: 'tab' },
  { name: 'Dele', label: 'Cupboard server', platform: 'Node.js on Linux', storageClass: 'appliance' },
  { name: 'Edda', label: 'Work laptop', platform: 'Chromium on macOS', storageClass: 'tab', online: false },
  {
    name: 'Farid',
    label: 'Tablet',
    platform: 'Chromium on Android',
    storageClass: 'installed',
    state: 'suspect',
    reason: `silent:${Date.now() - 50 * HOUR_MS}`,
    online: false,
  },
];

function partnerOf(line: PartnerLine, index: number): PartnerView {
  return {
    device: device(String(index + 1)),
    account: account(String(index + 1)),
    name: line.name,
    deviceLabel: line.label,
    state: line.state ?? 'active',
    reason: line.reason,
    online: line.online ?? true,
    lastSeenAt: Date.now() - (line.online === false ? 50 * HOUR_MS : 60_000),
    agreement: parseAgreementId(String(index + 1).repeat(32)),
    held: (600 + 137 * index) * MIB,
    holding: (300 + 211 * index) * MIB,
    givesUs: 2 * GIB,
    weGive: 2 * GIB,
    platform: line.platform,
    storageClass: line.storageClass,
  };
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
    },
    folders: [
      { name: 'Letters', health: 'protected', lastSavedAt: now - 12 * 60_000, files: 214, bytes: 52_000_000 },
      {
        name: 'Photos',
        health: 'protected',
        lastSavedAt: now - 12 * 60_000,
        files: 8412,
        bytes: 42_824_000_000,
      },
      { name: 'Taxes', health: 'protected', lastSavedAt: now - 12 * 60_000, files: 97, bytes: 91_000_000 },
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
