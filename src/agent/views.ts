import type { Agreement } from '../core/agreement/types.ts';
import type { Bytes } from '../core/bytes.ts';
import type { AccountId, DeviceId } from '../core/ids.ts';
import { graceLeftMs } from '../core/partnership/state.ts';
import { decodeWeek, weekShares } from '../core/placement/schedule.ts';
import type { CooperativeView, FolderView, HealthState, PartnerTerms, PartnerView } from './api.ts';
import type { OpenCooperation } from './network/cooperation.ts';
import { onePerDevice } from './network/partner-view.ts';
import { standingTerms } from './partners/patience.ts';
import type { FolderRecord } from './repository/folders.ts';

/** The cooperative and its members, of whom some are seen to be there. */
export function cooperativeView(cooperation: OpenCooperation, account: AccountId): CooperativeView {
  const { roster } = cooperation;
  const online = new Set<AccountId>(cooperation.connected().map(({ peer }) => peer.account));
  for (const partner of cooperation.partners()) if (partner.online) online.add(partner.account);
  return {
    id: roster.cooperative,
    name: roster.name,
    role: roster.members.get(account)?.role ?? 'member',
    members: [...roster.members.values()].map((member) => ({
      account: member.account,
      name: member.name,
      role: member.role,
      self: member.account === account,
      online: member.account === account || online.has(member.account),
    })),
  };
}

export interface HeldNow {
  /** milliseconds since 1970 */
  readonly now: number;
  /** bytes of ours at each device */
  readonly heldBy: ReadonlyMap<DeviceId, number>;
  /** bytes that we hold for an account */
  readonly holding: (account: AccountId) => number;
}

/** Partners, one for each device, with what is known of them now. */
export function partnerViews(cooperation: OpenCooperation, { now, heldBy, holding }: HeldNow): PartnerView[] {
  const { roster, records } = cooperation;
  return onePerDevice(cooperation.partners()).map((partner) => {
    const { agreement, device } = partner;
    const record = records.get(device);
    const terms = standingTerms(record.storageClass, agreement.graceDays);
    const graceLeft = graceLeftMs(record.standing, terms);
    const weProposed = agreement.accepter.device === device;
    return {
      device,
      account: partner.account,
      name: roster.members.get(partner.account)?.name ?? '',
      deviceLabel: partner.deviceLabel,
      state: partner.state,
      reason: partner.reason,
      online: partner.online,
      lastSeenAt: partner.lastSeenAt,
      lastProofAt: record.lastProofAt || undefined,
      proofs: { passed: record.passed, failed: record.failed },
      graceEndsAt: graceLeft === undefined ? undefined : now + graceLeft,
      schedule: sharesOf(record.hours),
      agreement: agreement.id,
      terms: termsOf(agreement),
      held: heldBy.get(device) ?? 0,
      holding: holding(partner.account),
      givesUs: weProposed ? agreement.accepter.gives : agreement.proposer.gives,
      weGive: weProposed ? agreement.proposer.gives : agreement.accepter.gives,
      platform: partner.platform,
      storageClass: partner.storageClass,
    };
  });
}

const NO_SHARES: readonly number[] = [];
/** Worked out once for each change of what is known of a partner's hours. */
const shares = new WeakMap<Bytes, readonly number[]>();

function sharesOf(hours: Bytes): readonly number[] {
  if (hours.length === 0) return NO_SHARES;
  const known = shares.get(hours) ?? weekShares(decodeWeek(hours));
  shares.set(hours, known);
  return known;
}

function termsOf(agreement: Agreement): PartnerTerms {
  const { madeAt, expiresAt, graceDays, commitmentDays, readsPerYear, auditHours } = agreement;
  return { madeAt, expiresAt, graceDays, commitmentDays, readsPerYear, auditHours };
}

export function folderView(folder: FolderRecord, health: HealthState): FolderView {
  const { name, savedAt, files, bytes, hidden } = folder;
  return { name, health, lastSavedAt: savedAt, files, bytes, hidden };
}
