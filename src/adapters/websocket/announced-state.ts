import type { CooperativeId, RendezvousId } from '../../core/ids.ts';
import type { Listing } from '../../ports/rendezvous.ts';

/** What a broker has to be told again on a new connection. */
export class AnnouncedState {
  readonly listings = new Map<CooperativeId, Listing>();
  readonly holdings = new Map<CooperativeId, readonly RendezvousId[]>();
  /** directories whose changes are to be pushed */
  readonly directories = new Set<CooperativeId>();
  /** rosters whose growth is to be pushed, with the length last known */
  readonly rosters = new Map<CooperativeId, number>();

  rosterSeen(cooperative: CooperativeId, length: number): void {
    this.rosters.set(cooperative, Math.max(length, this.rosters.get(cooperative) ?? 0));
  }
}
