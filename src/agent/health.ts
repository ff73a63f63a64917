import { totalShards } from '../core/erasure/codes.ts';
import type { DeviceId } from '../core/ids.ts';
import type { Cooperation } from './network/types.ts';
import type { Health, HealthReason } from './api.ts';
import type { Repository } from './repository/repository.ts';

/** What is known of the packs: worked out after each run and at start, since it reads the whole index. */
export interface Standing {
  readonly packs: number;
  /** shards above `m` of the worst pack: so many holders may vanish */
  readonly canLose: number;
  /** packs with fewer than `n` shards placed */
  readonly incomplete: number;
  readonly holders: ReadonlySet<DeviceId>;
  /** sealed bytes that each holder keeps for us */
  readonly heldBy: ReadonlyMap<DeviceId, number>;
}

export async function readStanding(repository: Repository, device: DeviceId): Promise<Standing> {
  const heldBy = new Map<DeviceId, number>();
  let packs = 0;
  let incomplete = 0;
  let canLose = Infinity;
  for await (const pack of repository.packs()) {
    if (pack.device !== device) continue;
    packs++;
    const placements = await repository.placements(pack.packId);
    const shards = new Set(placements.map(({ shard }) => shard));
    for (const { holder, bytes } of placements) heldBy.set(holder, (heldBy.get(holder) ?? 0) + bytes);
    canLose = Math.min(canLose, shards.size - pack.code.m);
    if (shards.size < totalShards(pack.code)) incomplete++;
  }
  return { packs, canLose: packs === 0 ? 0 : canLose, incomplete, holders: new Set(heldBy.keys()), heldBy };
}

export interface HealthFacts {
  readonly standing: Standing;
  readonly cooperation: Cooperation | undefined;
  readonly saving: boolean;
  readonly paused: boolean;
  readonly folders: number;
  readonly lastSavedAt: number | undefined;
  /** why the last run failed; undefined after a good one */
  readonly failure: HealthReason | undefined;
  readonly headAcknowledged: boolean;
}

/** The facts of the one sentence. Each reason stands for something its reader can act on. */
export function judgeHealth(facts: HealthFacts): Health {
  const { standing, cooperation } = facts;
  const holding = (cooperation?.partners() ?? []).filter(({ device }) => standing.holders.has(device));
  const online = new Set(cooperation?.connected().map(({ peer }) => peer.device));
  const reason = reasonOf(facts);
  const state =
    facts.folders === 0 && facts.failure === undefined && !facts.saving
      ? 'empty'
      : facts.paused
        ? 'paused'
        : facts.saving
          ? 'saving'
          : reason === undefined && standing.packs > 0
            ? 'protected'
            : 'at-risk';
  return {
    state,
    partners: standing.holders.size,
    canLose: Math.max(0, standing.canLose),
    online: holding.filter(({ device, online: seen }) => seen || online.has(device)).length,
    sameComputer: holding.length > 0 && holding.every(({ sameComputer }) => sameComputer),
    lastSavedAt: facts.lastSavedAt,
    reason: state === 'at-risk' ? (reason ?? 'last-run-failed') : undefined,
  };
}

function reasonOf({ standing, failure, headAcknowledged }: HealthFacts): HealthReason | undefined {
  if (failure !== undefined) return failure;
  if (standing.packs === 0) return 'no-partners';
  if (standing.incomplete > 0) return 'packs-incomplete';
  if (standing.canLose < 1) return 'too-few-partners';
  if (!headAcknowledged) return 'last-run-failed';
  return undefined;
}
