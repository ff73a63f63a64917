import type { MemoryDevice } from '../../src/adapters/memory/memory-device.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';
import { createAgent } from '../../src/agent/agent.ts';
import { decodeHeldRow } from '../../src/agent/host/held-row.ts';
import type { HeldRow } from '../../src/agent/host/held-row.ts';
import { ORPHANED_AFTER_MS } from '../../src/agent/recover/orphans.ts';
import { decodePlacement, decodeStoredPack } from '../../src/agent/repository/records.ts';
import { OWNER_TABLES } from '../../src/agent/repository/tables.ts';
import { TABLES } from '../../src/agent/store/tables.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { equalBytes } from '../../src/core/bytes.ts';
import { faultOf } from '../../src/core/errors.ts';
import type { DeviceId, PackId } from '../../src/core/ids.ts';
import type { Cooperative } from './cooperative.ts';
import { HOUR_MS } from './faults.ts';
import { hashOfShard } from './shard-hash.ts';
import type { Member } from './member.ts';
import { restoreMatches } from './member.ts';

/** After the last fault, and after the time of grace of those it took away. */
export const MENDED_WITHIN_MS = 48 * HOUR_MS;

/** A pack that an owner still needs. */
interface NeededPack {
  readonly packId: PackId;
  /** the device that saved it: of an owner who has lost a device and restored, the former one */
  readonly device: DeviceId;
  readonly m: number;
  readonly n: number;
}

/** What the disks of all say at one moment, whatever the agents believe. */
export interface Truth {
  readonly packs: number;
  readonly incomplete: number;
  /**
   * of those, the packs of owners that are on which lack a piece although nobody who may still come back had it: of devices that vanished
   * without a word the time of grace is waited for, and of those whose packs they were the time in which they may come back
   */
  readonly unmended: readonly { readonly owner: Member; readonly packId: PackId; readonly missing: number }[];
  readonly unreadableNow: number;
  readonly lost: readonly {
    readonly owner: Member;
    readonly packId: PackId;
    readonly pieces: number;
    readonly m: number;
  }[];
}

interface Pieces {
  readonly all: Set<number>;
  readonly online: Set<number>;
  /** on disks, with bytes that are not the right ones, which nobody has found yet */
  readonly rotten: Set<number>;
}

/** Reads the ground truth from the disks. */
export class Verifier {
  readonly #cooperative: Cooperative;
  /** the live packs of owners after their last backup, or the last time that they forgot something */
  readonly #acknowledged = new Map<Member, ReadonlySet<PackId>>();
  /** what owners who have lost their records since must get back */
  readonly #owed = new Map<Member, readonly NeededPack[]>();

  constructor(cooperative: Cooperative) {
    this.#cooperative = cooperative;
    cooperative.onSaved = (owner): void => {
      this.#acknowledged.set(owner, new Set(livePacks(owner).map(({ packId }) => packId)));
    };
    cooperative.onLosing = (owner): void => {
      if (owner.standing !== 'member') return;
      // A run that was cut off has promised nothing of its new packs, and may have released the old ones already.
      const acknowledged = this.#acknowledged.get(owner);
      this.#owed.set(
        owner,
        livePacks(owner).filter(({ packId }) => acknowledged?.has(packId)),
      );
    };
  }

  /** @param thorough hashes every piece, and says what is unmended; else a piece counts when its bytes are there at all */
  look(thorough: boolean): Truth {
    const present = this.#cooperative.members.filter(({ standing }) => standing !== 'gone');
    const pieces = new Map<PackId, Pieces>();
    for (const member of present) {
      for (const held of heldBy(member.device)) {
        let known = pieces.get(held.packId);
        if (known === undefined) {
          known = { all: new Set(), online: new Set(), rotten: new Set() };
          pieces.set(held.packId, known);
        }
        if (thorough && !isRight(member.device, held)) known.rotten.add(held.shard);
        else {
          known.all.add(held.shard);
          if (member.online) known.online.add(held.shard);
        }
      }
    }
    const lost: Truth['lost'][number][] = [];
    const unmended: Truth['unmended'][number][] = [];
    let packs = 0;
    let incomplete = 0;
    let unreadableNow = 0;
    for (const owner of present) {
      for (const { packId, device, m, n } of this.#neededBy(owner)) {
        packs++;
        const there = pieces.get(packId)?.all.size ?? 0;
        if (there < n) {
          incomplete++;
          const missing = thorough ? n - there - this.#waitedFor(owner, packId, pieces.get(packId)) : 0;
          if (owner.online && missing > 0 && !this.#mayComeBack(device))
            unmended.push({ owner, packId, missing });
        }
        if (there < m) lost.push({ owner, packId, pieces: there, m });
        if ((pieces.get(packId)?.online.size ?? 0) < m) unreadableNow++;
      }
    }
    return { packs, incomplete, unmended, unreadableNow, lost };
  }

  /**
   * Missing pieces of a pack whose holders vanished and are still on their time of grace, or were until two days ago, and those that rotted
   * since their holder looked at them last.
   */
  #waitedFor(owner: Member, packId: PackId, pieces: Pieces | undefined): number {
    const now = this.#cooperative.world.clock.monotonic();
    const waited = rowsOf(owner.device, OWNER_TABLES.placements)
      .map(decodePlacement)
      .filter((placement) => placement.packId === packId && pieces?.all.has(placement.shard) !== true)
      .filter(({ holder }) => now < this.#cooperative.waitedForUntil(holder) + MENDED_WITHIN_MS);
    const rotten = [...(pieces?.rotten ?? [])].filter((shard) => pieces?.all.has(shard) !== true);
    return new Set([...waited.map(({ shard }) => shard), ...rotten]).size;
  }

  /** Whether a lost device is still waited for by the one that its person has now: until then nobody repairs its packs. */
  #mayComeBack(device: DeviceId): boolean {
    const { world } = this.#cooperative;
    const until = this.#cooperative.vanishedAt(device) + ORPHANED_AFTER_MS + MENDED_WITHIN_MS;
    return world.clock.monotonic() < until;
  }

  #neededBy(owner: Member): readonly NeededPack[] {
    if (owner.standing === 'new') return [];
    return owner.standing === 'lost' ? (this.#owed.get(owner) ?? []) : livePacks(owner);
  }
}

function livePacks(owner: Member): readonly NeededPack[] {
  return rowsOf(owner.device, OWNER_TABLES.packs)
    .map(decodeStoredPack)
    .filter(({ deadSince }) => deadSince === undefined)
    .map(({ packId, device, code: { m, k } }) => ({ packId, device, m, n: m + k }));
}

/** Restores everything of an owner by words on a fresh device. @returns why it is not byte for byte what was saved */
export async function restoreOnFreshDevice(
  cooperative: Cooperative,
  owner: Member,
): Promise<string | undefined> {
  const device = cooperative.world.device(`fresh-${owner.name}`, { writeLog: silentLog });
  try {
    const agent = await createAgent(device.platform);
    await agent.useWords(owner.words);
    await agent.recover();
    return await restoreMatches(agent, owner.expected);
  } catch (error) {
    return faultOf(error);
  } finally {
    device.crash();
  }
}

/** Pieces on a device's disk of which as many bytes are there as should be. */
function heldBy(device: MemoryDevice): readonly HeldRow[] {
  return rowsOf(device, TABLES.heldRows)
    .map(decodeHeldRow)
    .filter(({ lost, volume, offset, bytes }) => {
      const found = device.disk.volumes.get(volume);
      return !lost && found !== undefined && found.length >= offset + bytes;
    });
}

function isRight(device: MemoryDevice, held: HeldRow): boolean {
  const bytes = device.disk.volumes.get(held.volume)!.read(held.offset, held.bytes);
  return equalBytes(hashOfShard(bytes), held.hash);
}

const PAGE_ROWS = 10_000;

function rowsOf(device: MemoryDevice, table: string): Bytes[] {
  const values: Bytes[] = [];
  for (let after: string | undefined; ;) {
    const page =
      device.disk.tables.get(table)?.scan({ ...(after === undefined ? {} : { after }), limit: PAGE_ROWS }) ??
      [];
    for (const { value } of page) values.push(value);
    if (page.length < PAGE_ROWS) return values;
    after = page.at(-1)!.key;
  }
}
