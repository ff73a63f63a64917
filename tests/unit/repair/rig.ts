import { expect } from 'vitest';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import { storedPack } from '../../../src/agent/backup/head-writer.ts';
import { PackPlacer } from '../../../src/agent/backup/pack-placer.ts';
import { PackWriter } from '../../../src/agent/backup/pack-writer.ts';
import type { AgentContext } from '../../../src/agent/context.ts';
import { loadIdentity } from '../../../src/agent/identity.ts';
import type { Cooperation, LedgerName, Partner } from '../../../src/agent/network/types.ts';
import { ProgressMeter } from '../../../src/agent/progress-meter.ts';
import { Pace } from '../../../src/agent/repair/pace.ts';
import { repairPacks } from '../../../src/agent/repair/repair-packs.ts';
import type { Repaired } from '../../../src/agent/repair/repair-packs.ts';
import type { RepairWork } from '../../../src/agent/repair/repair-work.ts';
import { Repository } from '../../../src/agent/repository/repository.ts';
import { ChunkReader } from '../../../src/agent/restore/chunk-reader.ts';
import { PackReader } from '../../../src/agent/restore/pack-reader.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import type { Agreement } from '../../../src/core/agreement/types.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import { phraseFromEntropy, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { AccountId, AgreementId, ChunkId, DeviceId, PackId } from '../../../src/core/ids.ts';
import { parseAccountId, parseAgreementId, parseDeviceId } from '../../../src/core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import { ledgerDigest } from '../../../src/core/ledger/row.ts';
import type { HolderOdds } from '../../../src/core/placement/durability.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import { noise } from '../agent/support.ts';

/** What was saved, by chunk. */
export type Content = ReadonlyMap<ChunkId, Bytes>;

interface Kept extends LedgerRow {
  sealed: Bytes;
}

/** A holder as its owners see it: rows by agreement, and all that a test may do to it. */
export class Holder {
  readonly device: DeviceId;
  readonly account: AccountId;
  /** agreement → row → shard; an agreement that is not there is forgotten */
  readonly ledgers = new Map<AgreementId, Map<number, Kept>>();
  online = true;
  full = false;
  /** milliseconds that a fetch takes */
  slowMs = 0;
  state: Partner['state'] = 'active';
  odds: HolderOdds = { availability: 0.65, lossPerYear: 0.3 };
  domains: readonly string[];
  /** bytes given to owners so far */
  given = 0;
  /** of each owner device */
  readonly agreements = new Map<DeviceId, AgreementId>();

  constructor(number: number) {
    this.device = parseDeviceId(number.toString(16).padStart(40, 'd'));
    this.account = parseAccountId(number.toString(16).padStart(64, 'a'));
    this.domains = [`account:${this.account}`];
  }

  /** The platform takes the pieces away, and with `all` the records, too. */
  evict(all: boolean): void {
    if (all) this.ledgers.clear();
    else for (const rows of this.ledgers.values()) rows.clear();
  }

  rows(): Kept[] {
    return [...this.ledgers.values()].flatMap((rows) => [...rows.values()]);
  }
}

/** Holders, and owner's devices that deal with them without a network. */
export class Rig {
  readonly world: MemoryWorld;
  readonly holders: Holder[];
  readonly words: string;

  constructor(seed: string, holders: number) {
    const suite = createWebCryptoSuite(globalThis.crypto.subtle);
    this.world = createMemoryWorld({ seed, mode: 'auto', suite, codec: createCodecOperations });
    this.holders = Array.from({ length: holders }, (_, i) => new Holder(i));
    this.words = phraseFromEntropy(this.world.random.fork('words').bytes(16));
  }

  holder(device: DeviceId): Holder {
    return this.holders.find((one) => one.device === device)!;
  }

  async owner(name: string): Promise<Owner> {
    const device = this.world.device(name);
    const keys = await device.platform.vault.saveAccount(secretsFromPhrase(this.words));
    await device.platform.codec.setKeys(keys);
    return Owner.open(this, device);
  }

  /** Everybody whom `gone` names is away from now on; the others are there. */
  only(gone: readonly Holder[]): void {
    for (const holder of this.holders) holder.online = !gone.includes(holder);
  }

  close(): void {
    this.world.close();
  }
}

/** A device of the account. */
export class Owner {
  readonly rig: Rig;
  readonly disk: MemoryDevice;
  readonly context: AgentContext;
  readonly cooperation: RigCooperation;

  private constructor(rig: Rig, disk: MemoryDevice, context: AgentContext, cooperation: RigCooperation) {
    this.rig = rig;
    this.disk = disk;
    this.context = context;
    this.cooperation = cooperation;
  }

  static async open(rig: Rig, disk: MemoryDevice, former?: RigCooperation): Promise<Owner> {
    const { platform } = disk;
    const keys = (await platform.vault.loadAccount())!;
    await platform.codec.setKeys(keys);
    const identity = await loadIdentity(platform, keys);
    const cooperation = former ?? new RigCooperation(rig, identity.device);
    const repository = new Repository(platform.meta);
    const context: AgentContext = { platform, repository, cooperation, ...identity };
    return new Owner(rig, disk, context, cooperation);
  }

  /** The program starts again on its disk; agreements are remembered. */
  restart(): Promise<Owner> {
    this.disk.restart();
    return Owner.open(this.rig, this.disk, this.cooperation);
  }

  reader(): PackReader {
    const { platform, repository, keys } = this.context;
    return new PackReader({
      owner: keys.account,
      cooperation: this.cooperation,
      repository,
      codec: platform.codec,
      clock: platform.clock,
      onCorrupt: () => undefined,
      onReceived: () => undefined,
    });
  }

  placer(partners = this.cooperation.partners()): PackPlacer {
    const { platform, repository, keys } = this.context;
    return new PackPlacer({
      owner: keys.account,
      cooperation: this.cooperation,
      repository,
      codec: platform.codec,
      clock: platform.clock,
      log: platform.log,
      partners,
      onSent: () => undefined,
      signal: undefined,
    });
  }

  /** Saves packs of `bytes` each under a code; gives the content by chunk. @param inReach those that take pieces, all if not given */
  async save(
    code: string,
    packs: number,
    bytes = 150_000,
    inReach: readonly Holder[] = this.rig.holders,
  ): Promise<Content> {
    const { platform, repository } = this.context;
    const content = new Map<ChunkId, Bytes>();
    const reached = new Set(inReach.map(({ device }) => device));
    const placer = this.placer(this.cooperation.partners().filter(({ device }) => reached.has(device)));
    for (let i = 0; i < packs; i++) {
      const writer = new PackWriter({
        kind: 'data',
        code: parseCode(code),
        codec: platform.codec,
        random: platform.random,
        place: async (sealed) => {
          const placed = await placer.place(sealed);
          await repository.commitPack(
            storedPack(sealed, placed, this.context, 'content'),
            sealed.chunks,
            placed.placements,
          );
        },
      });
      const plain = noise(bytes, 100 + i);
      const cut = await platform.codec.cut(plain.slice(), [{ start: 0, length: bytes, final: true }]);
      for (const { id, offset, length } of cut.chunks[0]!) {
        content.set(id, plain.slice(offset, offset + length));
        await writer.add(id, plain.subarray(offset, offset + length));
      }
      await writer.finish();
    }
    return content;
  }

  /** Reads all content with a fresh reader: 'whole', or what is wrong. */
  async read(content: Content): Promise<string> {
    const { platform, repository } = this.context;
    const { codec, clock } = platform;
    const chunks = new ChunkReader({ repository, packs: this.reader(), codec, clock });
    for (const [id, bytes] of content) {
      try {
        if (!equalBytes(await chunks.chunk(id), bytes)) return `chunk ${id} has other bytes`;
      } catch (error) {
        return String(error);
      }
    }
    return 'whole';
  }

  repair(options: Partial<RepairWork> = {}): Promise<Repaired> {
    const { platform } = this.context;
    const partners = this.cooperation.partners().filter(({ online }) => online);
    return repairPacks(this.context, {
      partners,
      placer: this.placer(partners),
      reader: this.reader(),
      signal: undefined,
      meter: new ProgressMeter(platform.clock, 'checking', () => undefined),
      pace: new Pace(platform.clock, Infinity),
      ...options,
    });
  }

  /** Holders of each shard of each pack, as the index has it. */
  async places(): Promise<Map<PackId, Map<number, Holder[]>>> {
    const places = new Map<PackId, Map<number, Holder[]>>();
    for await (const { packId, shard, holder } of this.context.repository.rows.allPlacements()) {
      const shards = places.get(packId) ?? new Map<number, Holder[]>();
      places.set(packId, shards);
      shards.set(shard, [...(shards.get(shard) ?? []), this.rig.holder(holder)]);
    }
    return places;
  }
}

/** Every pack lies whole on distinct holders, and with any `k` of the rig's holders away its content is read. */
export async function expectSafe(owner: Owner, content: Content, n: number, k: number): Promise<void> {
  for (const [pack, shards] of await owner.places()) {
    expect(shards.size, `shards of ${pack}`).toBe(n);
    const holders = [...shards.values()].flat();
    expect(new Set(holders).size, `holders of ${pack}`).toBe(holders.length);
  }
  const { holders } = owner.rig;
  for (let first = 0; first < holders.length; first++) {
    const away = Array.from({ length: k }, (_, i) => holders[(first + i) % holders.length]!);
    owner.rig.only(away);
    expect(await owner.read(content), `without ${first} and the ${k - 1} after it`).toBe('whole');
  }
  owner.rig.only([]);
}

/** Rows on holders that the owner's index does not know. */
export async function strayRows(owner: Owner): Promise<number> {
  let known = 0;
  for await (const placement of owner.context.repository.rows.allPlacements()) {
    const kept = owner.rig.holder(placement.holder).ledgers.get(placement.agreement)?.get(placement.row);
    if (kept?.shard === placement.shard && kept.packId === placement.packId) known++;
  }
  return owner.rig.holders.flatMap((holder) => holder.rows()).length - known;
}

/** Dealings of one device with the rig's holders: an agreement with each, and what it adopted. */
export class RigCooperation implements Cooperation {
  readonly #rig: Rig;
  readonly #self: DeviceId;
  readonly #adopted = new Map<AgreementId, DeviceId>();
  readonly brokerOnline = true;
  readonly roster = { members: new Map() } as unknown as Cooperation['roster'];
  // What holders say is asked anew each time.
  readonly notes = {
    doubt: () => undefined,
    stored: () => undefined,
    headTaken: () => undefined,
    headOf: () => 0,
  };

  constructor(rig: Rig, self: DeviceId) {
    this.#rig = rig;
    this.#self = self;
    for (const [i, holder] of rig.holders.entries()) {
      const id = parseAgreementId(self.slice(0, 16) + i.toString(16).padStart(16, '0'));
      holder.agreements.set(self, id);
      holder.ledgers.set(id, new Map());
    }
  }

  connected(): readonly Remote[] {
    return [];
  }

  async session(device: DeviceId): Promise<Remote> {
    const holder = this.#rig.holder(device);
    this.#mustBeOnline(holder);
    return this.#remote(holder);
  }

  partners(): readonly Partner[] {
    return this.#rig.holders.flatMap((holder) => {
      const own = this.#partner(holder, holder.agreements.get(this.#self)!, false);
      const adopted = [...this.#adopted].filter(([, device]) => device === holder.device);
      return [own, ...adopted.slice(0, 1).map(([id]) => this.#partner(holder, id, true))];
    });
  }

  ensurePartners(): Promise<readonly Partner[]> {
    return Promise.resolve(this.partners().filter(({ online }) => online));
  }

  async adopt(encoded: Bytes, device: DeviceId): Promise<Partner> {
    const holder = this.#rig.holder(device);
    const id = parseAgreementId(new TextDecoder().decode(encoded));
    const own = holder.agreements.get(this.#self) === id;
    if (!own) this.#adopted.set(id, device);
    return this.#partner(holder, id, !own);
  }

  ledgers(): readonly LedgerName[] {
    return [
      ...this.#rig.holders.map((holder) => ({
        holder: holder.device,
        agreement: holder.agreements.get(this.#self)!,
        adopted: false,
      })),
      ...[...this.#adopted].map(([agreement, holder]) => ({ holder, agreement, adopted: true })),
    ];
  }

  traffic(): number {
    return 0;
  }

  leaveHead(): Promise<void> {
    return Promise.resolve();
  }

  onChange(): () => void {
    return () => undefined;
  }

  #partner(holder: Holder, id: AgreementId, adopted: boolean): Partner {
    const { device, account, state, online, odds, domains } = holder;
    return {
      device,
      account,
      agreement: { id } as Agreement,
      adopted,
      state,
      reason: undefined,
      online,
      lastSeenAt: undefined,
      deviceLabel: '',
      platform: '',
      storageClass: 'installed',
      neighbourhood: undefined,
      sameComputer: false,
      odds,
      domains,
      exempt: false,
    };
  }

  #mustBeOnline(holder: Holder): void {
    if (!holder.online) throw new RoostError('unreachable', `holder ${holder.device} is away`);
  }

  #remote(holder: Holder): Remote {
    const ledger = (id: AgreementId): Map<number, Kept> => {
      this.#mustBeOnline(holder);
      const rows = holder.ledgers.get(id);
      if (rows === undefined) throw new RoostError('not-found', `agreement ${id} is not known here`);
      return rows;
    };
    const sorted = (id: AgreementId): Kept[] => [...ledger(id).values()].sort((a, b) => a.row - b.row);
    const { clock } = this.#rig.world;
    const remote: Partial<Remote> = {
      peer: { device: holder.device, account: holder.account } as Remote['peer'],
      put: async (id, row, sealed) => {
        await clock.sleep(1);
        const rows = ledger(id);
        if (holder.full) throw new RoostError('full', 'no room left');
        rows.set(row.row, { ...row, sealed: sealed.slice() });
      },
      get: async (id, row, first, count, options = {}) => {
        await clock.sleep(1 + holder.slowMs, options);
        const kept = ledger(id).get(row);
        if (kept === undefined) throw new RoostError('not-found', `row ${row} is not here`);
        const segments = Array.from({ length: count }, (_, i) =>
          kept.sealed.slice((first + i) * SEALED_SEGMENT_BYTES, (first + i + 1) * SEALED_SEGMENT_BYTES),
        );
        holder.given += segments.reduce((sum, { length }) => sum + length, 0);
        return segments;
      },
      release: async (id, rows) => {
        for (const row of rows) ledger(id).delete(row);
      },
      ledger: async (id, after) => sorted(id).filter(({ row }) => row > after),
      ledgerDigest: async (id) => {
        const { digest } = ledgerDigest(sorted(id));
        return { rows: sorted(id).length, bytes: 0, digest };
      },
      agreements: async () => [...holder.ledgers.keys()].map((id): Bytes => new TextEncoder().encode(id)),
      heads: async () => [],
      partnerLists: async () => [],
    };
    return remote as Remote;
  }
}
