import type { DeviceId } from '../../core/ids.ts';
import { PendingReveals } from '../audit/pending-reveals.ts';
import type { AgentContext } from '../context.ts';
import type { Duties } from '../delegate/duties.ts';
import type { Host } from '../host/host.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import type { HolderProof } from './auditing.ts';
import { Auditing } from './auditing.ts';
import { Endings } from './endings.ts';
import type { Tell } from './tell.ts';
import { Tender } from './tender.ts';
import { Terms } from './terms.ts';
import { tellTransitions } from './transitions.ts';

export interface CareParts {
  readonly context: AgentContext;
  readonly cooperation: OpenCooperation;
  readonly host: Host;
  /** sealed bytes of ours that a holder keeps */
  readonly heldBy: (device: DeviceId) => number;
  readonly duties: Duties;
  readonly tell: Tell;
  /** pieces are gone: repair is wanted at once */
  readonly onLost: () => void;
  /** after each look at the partners */
  readonly onLooked: () => Promise<void>;
}

/** All that looks after the partnerships of this device while it is on. */
export interface Care {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Audits one holder now. */
  check(device: DeviceId): Promise<HolderProof>;
  /** Leaves the agreement with a partner in order. @throws RoostError 'not-found' */
  leave(device: DeviceId): Promise<void>;
}

export function createCare(parts: CareParts): Care {
  const { context, cooperation, host, heldBy, duties, tell, onLost, onLooked } = parts;
  const nameOf = (device: DeviceId): string => {
    const account = cooperation.agreements.with(device)[0]?.theirs.account;
    return account === undefined ? '' : (cooperation.roster.members.get(account)?.name ?? '');
  };
  const pending = new PendingReveals(context.repository);
  const standsInFor = (): ReadonlySet<DeviceId> => duties.standsInFor;
  const auditing = new Auditing({
    context,
    cooperation,
    pending,
    heldBy,
    standsInFor,
    nameOf,
    tell,
    onLost,
  });
  const endings = new Endings({ context, cooperation, host, duties, heldBy, nameOf, tell, onLost });
  const terms = new Terms({ context, cooperation, nameOf, tell });
  const tender = new Tender({ context, cooperation, auditing, endings, terms, tell, onLooked });
  const stopTelling = cooperation.onTransition((transition) => {
    tellTransitions(transition, { cooperation, nameOf, tell });
    endings.transitioned(transition);
  });
  return {
    start: () => tender.start(),
    stop: async () => {
      stopTelling();
      await tender.stop();
    },
    check: (device) => auditing.check(device),
    leave: (device) => endings.leave(device),
  };
}
