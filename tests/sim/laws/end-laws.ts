import { createAgent } from '../../../src/agent/agent.ts';
import type { HeldRow } from '../../../src/agent/host/held-row.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { TABLES } from '../../../src/agent/store/tables.ts';
import { decodeOwnCbor } from '../../../src/core/cbor.ts';
import { verifyReceipt } from '../../../src/core/audit/receipt.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import { hex } from '../../../src/core/hex.ts';
import { faultOf } from '../../../src/core/errors.ts';
import { RECORD_MAX_BYTES } from '../../../src/core/limits.ts';
import { restoreMatches } from '../member.ts';
import {
  bytesOf,
  heldHeadNumber,
  heldRows,
  ownHeadOf,
  packsOf,
  placementsOf,
  recordsOf,
} from '../team/disks.ts';
import type { Person } from '../team/person.ts';
import type { Team } from '../team/team.ts';

const honest: Keeps = (keeper) => keeper.honest;

/** Whether somebody who is on really keeps a piece that lies on its disk. */
export type Keeps = (keeper: Person, piece: Bytes) => boolean;

/**
 * Every pack of an owner is whole: its `n` pieces are in the owner's index and intact on `n` devices that are on and really keep them; and
 * both sides of every ledger have the same rows.
 */
export function everythingInPlace(team: Team, owner: Person, keeps: Keeps = honest): void {
  const placements = placementsOf(owner.device);
  const keepers = team.people.filter((person) => person !== owner && person.agent !== undefined);
  const held = keepers.flatMap((keeper) => heldRows(keeper.device).map((row) => ({ keeper, row })));
  for (const { packId, code, deadSince } of packsOf(owner.device)) {
    if (deadSince !== undefined) continue;
    const n = code.m + code.k;
    const own = placements.filter((placement) => placement.packId === packId);
    const intact = own.filter(({ shard, agreement, row }) =>
      held.some(
        ({ keeper, row: at }) =>
          at.packId === packId &&
          at.shard === shard &&
          at.agreement === agreement &&
          at.row === row &&
          isKept(keeper, at, keeps),
      ),
    );
    const shards = new Set(intact.map(({ shard }) => shard)).size;
    team.must(shards === n, `a pack of ${owner.name} has ${shards} of ${n} pieces`);
  }
  apartFromOneAnother(team, owner);
  for (const keeper of keepers.filter((person) => person.honest)) {
    const ours = placements.filter(({ holder }) => holder === keeper.id).map(nameOfRow);
    const agreements = new Set(placements.map(({ agreement }) => agreement));
    const theirs = heldRows(keeper.device)
      .filter(({ agreement }) => agreements.has(agreement))
      .map(nameOfRow);
    const same = ours.length === theirs.length && ours.sort().every((row, i) => row === theirs.sort()[i]);
    team.must(
      same,
      `${owner.name} has ${ours.length} rows at ${keeper.name} on its ledger, which has ${theirs.length} or others`,
    );
  }
}

/** No device has two pieces of a pack. */
export function apartFromOneAnother(team: Team, owner: Person): void {
  const packs = new Map<string, string[]>();
  for (const { packId, holder } of placementsOf(owner.device))
    packs.set(packId, [...(packs.get(packId) ?? []), holder]);
  for (const holders of packs.values()) {
    const devices = new Set(holders).size;
    team.must(
      devices === holders.length,
      `${holders.length} pieces of a pack of ${owner.name} lie on ${devices} devices`,
    );
  }
}

function isKept(keeper: Person, row: HeldRow, keeps: Keeps): boolean {
  const piece = bytesOf(keeper.device, row);
  return piece !== undefined && keeps(keeper, piece);
}

function nameOfRow(row: {
  readonly agreement: string;
  readonly row: number;
  readonly packId: string;
  readonly shard: number;
  readonly hash: Uint8Array;
}): string {
  return `${row.agreement}/${row.row} ${row.packId}/${row.shard} ${hex(row.hash)}`;
}

/** Every honest holder that was audited has the owner's receipt, signed by both, and the owner has the same. */
export async function receiptsSigned(team: Team, owner: Person): Promise<void> {
  const { crypto } = owner.device.platform;
  const agreements = new Map(
    placementsOf(owner.device).map(({ agreement, holder }) => [agreement, team.whose(holder)] as const),
  );
  for (const [agreement, holder] of agreements) {
    if (holder?.honest !== true || holder.agent === undefined) continue;
    const ours = recordsOf(owner.device, OWNER_TABLES.state).find(
      ({ key }) => key === `agent/receipt/${agreement}`,
    );
    const theirs = recordsOf(holder.device, TABLES.receipts).find(({ key }) => key === agreement);
    // Proved under former terms, and under these when its next audit is due.
    const proved = owner.agent !== undefined && (owner.sees(holder).lastProofAt ?? 0) > 0;
    if (ours === undefined && theirs === undefined && proved) continue;
    if (ours === undefined || theirs === undefined) {
      team.fail(`${owner.name} and ${holder.name} have no receipt of an audit`);
      continue;
    }
    const bytes = decodeOwnCbor(ours.value, RECORD_MAX_BYTES);
    team.must(
      bytes instanceof Uint8Array && equalBytes(bytes, theirs.value),
      `${owner.name} and ${holder.name} have different receipts`,
    );
    try {
      const { owner: by, holder: of } = await verifyReceipt(crypto, theirs.value);
      team.must(by.device === owner.id && of.device === holder.id, `a receipt of ${owner.name} names others`);
    } catch (error) {
      team.fail(`a receipt of ${owner.name} and ${holder.name} does not verify: ${faultOf(error)}`);
    }
  }
}

/** Every honest partner that is on keeps the owner's newest head. */
export function headsEverywhere(team: Team, owner: Person): void {
  const own = ownHeadOf(owner.device);
  team.must(own?.acknowledged === true, `the newest head of ${owner.name} is not acknowledged`);
  const holders = new Set(placementsOf(owner.device).map(({ holder }) => team.whose(holder)));
  for (const holder of holders) {
    if (holder?.honest !== true || holder.agent === undefined) continue;
    const there = heldHeadNumber(holder.device, owner.id);
    team.must(
      there === own?.seq,
      `${holder.name} keeps head ${there ?? 'none'} of ${owner.name}, whose newest is ${own?.seq ?? 'none'}`,
    );
  }
}

/**
 * With these devices gone, the words alone give everything back on a fresh device, byte for byte. They are on again afterwards.
 * @param gone at most `k` holders of any pack
 */
export async function restoresWithout(team: Team, owner: Person, gone: readonly Person[]): Promise<void> {
  for (const person of gone) person.device.setOffline(true);
  const reason = await restoreByWords(team, owner);
  team.must(
    reason === undefined,
    `without ${gone.map(({ name }) => name).join(' and ') || 'anybody missing'} ${owner.name} gets: ${reason ?? ''}`,
  );
  for (const person of gone) person.device.setOffline(false);
}

/** @returns why it is not byte for byte what was saved last; undefined when it is */
export async function restoreByWords(team: Team, owner: Person): Promise<string | undefined> {
  const device = team.freshDevice();
  try {
    const agent = await createAgent(device.platform);
    await agent.useWords(owner.words);
    await agent.recover();
    return await restoreMatches(agent, owner.saved === undefined ? [] : [owner.saved]);
  } catch (error) {
    return faultOf(error);
  } finally {
    device.crash();
  }
}
