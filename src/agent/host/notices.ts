import type { Duty } from '../../core/partnership/duty.ts';
import type { LeaveNotice } from '../../core/partnership/leave-notice.ts';
import type { RenegeReport } from '../../core/partnership/renege-report.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { LossNotice, Peer } from '../session/types.ts';

/** What a partner told this device of its own accord: verified, and told by somebody who may. */
export type Notice =
  | { readonly kind: 'loss'; readonly peer: Peer; readonly loss: LossNotice }
  | { readonly kind: 'leave'; readonly peer: Peer; readonly notice: LeaveNotice }
  /** told once, also when it comes from several; `encoded` to be passed on */
  | { readonly kind: 'report'; readonly peer: Peer; readonly report: RenegeReport; readonly encoded: Bytes }
  /** one part of a duty; `encoded` to be kept */
  | { readonly kind: 'duty'; readonly peer: Peer; readonly duty: Duty; readonly encoded: Bytes };
