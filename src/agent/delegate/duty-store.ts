import type { Bytes } from '../../core/bytes.ts';
import type { DeviceId, PackId } from '../../core/ids.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { Duty } from '../../core/partnership/duty.ts';
import { verifyDuty } from '../../core/partnership/duty.ts';
import type { AgentContext } from '../context.ts';
import { Limiter } from '../../core/limiter.ts';
import type { Platform } from '../../ports/platform.ts';
import type { Cooperation } from '../network/types.ts';
import { GatheredShards } from '../repair/gathered-shards.ts';
import type { RepairFacts } from '../repository/records.ts';
import type { Repository } from '../repository/repository.ts';

const TIME_DIGITS = 15;
const PART_DIGITS = 6;

/** A duty of which all parts have come. */
interface WholeDuty {
  /** its time as its keys have it */
  readonly at: string;
}

/**
 * Which packs of which other devices of the account this device looks after while they are away. A new duty takes the place of the old one
 * once its last part is here, so that neither a crash nor a broken line leaves half of it.
 */
export class DutyStore {
  readonly #repository: Repository;
  readonly #platform: Platform;
  readonly #cooperation: Pick<Cooperation, 'ledgers'>;
  readonly #oneByOne = new Limiter(1);

  constructor({
    repository,
    platform,
    cooperation,
  }: Pick<AgentContext, 'repository' | 'platform' | 'cooperation'>) {
    this.#repository = repository;
    this.#platform = platform;
    this.#cooperation = cooperation;
  }

  /**
   * Keeps one part of a duty, durably. The last part comes last (see push-duty.ts).
   * @param duty verified, from a device of our own account
   * @returns whether a new duty is whole now
   */
  async take(duty: Duty, encoded: Bytes): Promise<boolean> {
    return this.#oneByOne.run(() => this.#take(duty, encoded));
  }

  /** Devices that have a duty of ours with packs in it. */
  async owners(): Promise<readonly DeviceId[]> {
    const owners = new Set<string>();
    for await (const { key } of this.#repository.duties()) owners.add(key.slice(0, key.indexOf('/')));
    const whole: DeviceId[] = [];
    for (const owner of owners) {
      const device = parseDeviceId(owner);
      if ((await this.#wholeDuty(device)) !== undefined) whole.push(device);
    }
    return whole;
  }

  /** The packs of the newest whole duty of a device, in the order in which it named them. */
  async *packs(owner: DeviceId): AsyncGenerator<RepairFacts> {
    const whole = await this.#wholeDuty(owner);
    if (whole === undefined) return;
    for await (const { value } of this.#repository.duties(`${owner}/${whole.at}/`)) {
      // An owner that stays away brings nothing itself: what waited for a holder is as good as lost.
      for (const pack of (await verifyDuty(this.#platform.crypto, value)).packs)
        yield { ...pack, awaited: [] };
    }
  }

  async #take(duty: Duty, encoded: Bytes): Promise<boolean> {
    const { device } = duty.by;
    const at = String(duty.at).padStart(TIME_DIGITS, '0');
    const { operations } = this.#repository;
    const key = `${device}/${at}/${String(duty.part).padStart(PART_DIGITS, '0')}`;
    const isLast = duty.part === duty.parts - 1;
    const before = isLast ? await this.#wholeDuty(device) : undefined;
    await this.#repository.apply([operations.duty(key, encoded)]);
    if (!isLast || (await this.#wholeDuty(device))?.at !== at) return false;
    // An owner without a pack needs nobody: what was placed for it is its own to release.
    const ended = duty.parts === 1 && duty.packs.length === 0;
    if (!ended && before !== undefined) await this.#letGo(device, before);
    const old: string[] = [];
    for await (const row of this.#repository.duties(`${device}/`)) {
      if (ended || row.key < `${device}/${at}/`) old.push(row.key);
    }
    await this.#repository.apply(old.map((one) => operations.dropDuty(one)));
    if (ended) await (await GatheredShards.open(this.#platform, device)).forgetOthers(new Set());
    return true;
  }

  /** Releases what this device placed for packs that the owner has freed since: its former duty named them, the new one does not. */
  async #letGo(owner: DeviceId, before: WholeDuty): Promise<void> {
    const repository = this.#repository;
    const gone = new Set<PackId>();
    for await (const { value } of repository.duties(`${owner}/${before.at}/`)) {
      for (const { packId } of (await verifyDuty(this.#platform.crypto, value)).packs) gone.add(packId);
    }
    for await (const { packId } of this.packs(owner)) gone.delete(packId);
    const own = new Set(this.#cooperation.ledgers().flatMap((l) => (l.adopted ? [] : [l.agreement])));
    for (const packId of gone) {
      // One that our own index knows is freed by what the index learns.
      if ((await repository.pack(packId)) !== undefined) continue;
      const placements = await repository.rows.placements(packId);
      await repository.rows.commitPlacements(
        packId,
        [],
        placements.map((placement) => ({ placement, release: own.has(placement.agreement) })),
      );
    }
  }

  async #wholeDuty(owner: DeviceId): Promise<WholeDuty | undefined> {
    const found = new Map<string, { parts: number; count: number }>();
    for await (const { key, value } of this.#repository.duties(`${owner}/`)) {
      const at = key.slice(owner.length + 1, owner.length + 1 + TIME_DIGITS);
      const known = found.get(at);
      if (known) known.count++;
      else found.set(at, { parts: (await verifyDuty(this.#platform.crypto, value)).parts, count: 1 });
    }
    const whole = [...found].filter(([, { parts, count }]) => count === parts).map(([at]) => at);
    const at = whole.sort().at(-1);
    return at === undefined ? undefined : { at };
  }
}
