import type { Fault } from '../core/errors.ts';
import { faultOf, messageOf } from '../core/errors.ts';
import type { CooperativeId, DeviceId } from '../core/ids.ts';
import type { Platform } from '../ports/platform.ts';
import type { AbortSignalLike } from '../core/progress.ts';
import type { StorageSpace } from '../ports/blob-store.ts';
import type { Rendezvous } from '../ports/rendezvous.ts';
import type { Transport } from '../ports/transport.ts';
import type { Activity } from './activity.ts';
import type {
  ActivityEntry,
  AgentState,
  HealthReason,
  PartnerView,
  RecoverySheet,
  SpaceView,
} from './api.ts';
import { abortable } from './cancellation.ts';
import type { AgentContext } from './context.ts';
import type { Standing } from './health.ts';
import { NOTHING_SAVED, judgeHealth } from './health.ts';
import { Duties } from './delegate/duties.ts';
import { DutyStore } from './delegate/duty-store.ts';
import type { Host } from './host/host.ts';
import { createHost } from './host/host.ts';
import type { Identity } from './identity.ts';
import { createCooperation } from './network/cooperation.ts';
import type { OpenCooperation } from './network/cooperation.ts';
import type { HolderProof } from './partners/auditing.ts';
import type { Care } from './partners/care.ts';
import { createCare } from './partners/care.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { surveyPacks } from './repair/survey.ts';
import type { FolderRecord } from './repository/folders.ts';
import { readFolders, writeFolders } from './repository/folders.ts';
import type { Repository } from './repository/repository.ts';
import { ChunkReader } from './restore/chunk-reader.ts';
import { PackReader } from './restore/pack-reader.ts';
import type { UploadLimit } from './session/upload-limit.ts';
import { cooperativeView, folderView, partnerViews } from './views.ts';

/** What we hold changes with every piece; people are shown what changed within this time at once. */
const SHOW_HELD_DELAY_MS = 2_000;

/** All packs are looked over after each run and whenever a partner changes its state, and this often for odds that change slowly. */
const SURVEY_INTERVAL_MS = 12 * 3_600_000;

/** Between two rounds of bringing pieces that wait for a holder; doubles with each in which nobody took one, for they may all be full. */
const BRING_FIRST_MS = 4 * 3_600_000;
const BRING_LONGEST_MS = 64 * 3_600_000;
/** After each repair that found nobody so many partners more are looked for, up to a limit. */
const LACKING_STEP = 2;
const LACKING_MAX = 8;

export interface MembershipOptions {
  readonly platform: Platform;
  readonly repository: Repository;
  readonly identity: Identity;
  readonly cooperative: CooperativeId;
  /** bytes given to others */
  readonly offer: number;
  readonly uploads: UploadLimit;
  readonly network: () => Promise<{ readonly transport: Transport; readonly rendezvous: Rendezvous }>;
  readonly activity: Activity;
  readonly onChange: () => void;
  /** pieces are missing or in danger: repair is wanted, 'urgent' at once; `fresh` when that is news */
  readonly onRepairWanted: (urgency: 'urgent' | 'lazy', fresh: boolean) => void;
}

const FAILURE_KEY = 'last-run-failure';
/** What may be the matter with a run. */
const RUN_FAILURES: readonly HealthReason[] = [
  'no-partners',
  'too-few-partners',
  'partners-full',
  'last-run-failed',
  'files-unreadable',
];

/** A device at work in its cooperative: sessions, held pieces, and what of it people are shown. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #open: OpenCooperation;
  readonly #host: Host;
  readonly #context: AgentContext;
  readonly #care: Care;
  readonly #duties: Duties;
  /** bytes that holders keep for devices in whose place we act */
  #dutyHeldBy: ReadonlyMap<DeviceId, number> = new Map();
  #standing: Standing = NOTHING_SAVED;
  #folders: readonly FolderRecord[] = [];
  #space: StorageSpace = { used: 0, quota: 0, storageClass: 'tab', persisted: false };
  #offer: number;
  #failure: HealthReason | undefined;
  #headAcknowledged = true;
  /** whether the newest head names all that hold pieces; not known after a start, or when one took a piece since */
  holdersNamed = false;
  /** partners looked for beside those that the widest pack needs */
  #lacking = 0;
  /** partners changed since the packs were surveyed */
  #unsurveyed = false;
  #surveyedAt = 0;
  /** when holders were last looked for, for pieces that wait for one (monotonic) */
  #broughtAt = -Infinity;
  #bringAfterMs = BRING_FIRST_MS;
  #starting: Promise<void> | undefined;
  #stopWatching: () => void = () => undefined;

  private constructor(options: MembershipOptions, open: OpenCooperation, host: Host) {
    const { platform, repository, identity, offer } = options;
    this.#options = options;
    this.#open = open;
    this.#host = host;
    this.#offer = offer;
    this.#context = {
      platform,
      repository,
      keys: identity.keys,
      device: identity.device,
      deviceLabel: identity.deviceLabel,
      signer: identity.signer,
      certificate: identity.certificate,
      cooperation: open,
    };
    this.#duties = new Duties(this.#context, open, new DutyStore(this.#context));
    this.#care = createCare({
      context: this.#context,
      cooperation: open,
      host,
      duties: this.#duties,
      heldBy: (device) => (this.#standing.heldBy.get(device) ?? 0) + (this.#dutyHeldBy.get(device) ?? 0),
      tell: (event, details, level = 'info') => {
        options.activity.add(event, details, level);
        options.onChange();
      },
      onLost: () => {
        this.refreshStanding().catch((error: unknown) => {
          // A program that ends meanwhile looks again when it starts.
          platform.log.info('standing.not-refreshed', { fault: faultOf(error), message: messageOf(error) });
        });
        options.onRepairWanted('urgent', true);
      },
      onLooked: async () => {
        if (this.#unsurveyed || platform.clock.monotonic() - this.#surveyedAt >= SURVEY_INTERVAL_MS) {
          await this.refreshStanding();
          await this.#lookAtDuties();
        }
        // What is urgent comes first in any round; it may find nobody for weeks, for all have a piece already.
        if (this.#standing.lazy || !this.#headAcknowledged || this.mayBring)
          options.onRepairWanted('lazy', false);
        else if (this.#standing.urgent) options.onRepairWanted('urgent', false);
      },
    });
  }

  /** Opens what this device knows of the cooperative; nothing is dialled before `start`. */
  static async open(options: MembershipOptions): Promise<Membership> {
    const { platform, identity, cooperative, offer, network, uploads } = options;
    const host = await createHost({ platform, identity, offer });
    const open = await createCooperation({ platform, identity, cooperative, host, network, uploads });
    const membership = new Membership(options, open, host);
    membership.#failure = await lastFailure(options.repository);
    await membership.refreshStanding();
    open.onChange(options.onChange);
    open.onTransition(() => {
      membership.#unsurveyed = true;
    });
    return membership;
  }

  get cooperative(): CooperativeId {
    return this.#options.cooperative;
  }

  /** Dials partners and answers them. Safe to call again. */
  async start(): Promise<AgentContext> {
    this.#starting ??= this.#open.start().then(async () => {
      await this.#care.start();
      this.#watchHeld();
    });
    try {
      await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
    return this.#context;
  }

  async stop(): Promise<void> {
    this.#stopWatching();
    // In this order: an audit that is cut off by our going is held against nobody.
    const cared = this.#care.stop();
    await this.#open.hangUp();
    await cared;
    await this.#open.stop();
    await this.#host.stop();
  }

  packReader(onCorrupt: (device: DeviceId, segments: number) => void, meter?: ProgressMeter): PackReader {
    const { platform, repository, identity } = this.#options;
    return new PackReader({
      owner: identity.keys.account,
      cooperation: this.#open,
      repository,
      codec: platform.codec,
      clock: platform.clock,
      onCorrupt,
      onReceived: (bytes) => meter?.add({ transferred: bytes }),
    });
  }

  reader(
    onCorrupt: (device: DeviceId, segments: number) => void = () => undefined,
    meter?: ProgressMeter,
  ): ChunkReader {
    const { platform, repository } = this.#options;
    return new ChunkReader({
      repository,
      packs: this.packReader(onCorrupt, meter),
      codec: platform.codec,
      clock: platform.clock,
    });
  }

  /** Shards of the widest pack, and more for as long as repairs find nobody: partners may have a piece already, or be barred by a cap. */
  get partnersWanted(): number {
    return this.#standing.widest + this.#lacking;
  }

  /** @param stuck whether pieces are lost and none of them found a holder */
  repairEnded(stuck: boolean): void {
    this.#lacking = stuck ? Math.min(this.#lacking + LACKING_STEP, LACKING_MAX) : 0;
  }

  /** Holders of pieces of ours, by name. */
  holders(): readonly { readonly device: DeviceId; readonly name: string; readonly heldBytes: number }[] {
    return this.#partnerViews()
      .filter(({ held }) => held > 0)
      .map(({ device, name, held }) => ({ device, name, heldBytes: held }));
  }

  audit(device: DeviceId, signal: AbortSignalLike | undefined): Promise<HolderProof> {
    return abortable(this.#care.check(device), signal);
  }

  endPartnership(device: DeviceId): Promise<void> {
    return this.#care.leave(device);
  }

  setDelegate(device: DeviceId | undefined): Promise<void> {
    return this.#duties.setDelegate(device);
  }

  get duties(): Duties {
    return this.#duties;
  }

  sheet(): Pick<RecoverySheet, 'cooperative' | 'partners'> {
    const partners = this.#partnerViews()
      .filter(({ state }) => state !== 'departed' && state !== 'reneged')
      .map(({ name, deviceLabel, device }) => ({ name, deviceLabel, device }));
    return { cooperative: this.#open.roster.name, partners };
  }

  tell(
    event: string,
    details: Readonly<Record<string, string | number>>,
    level: ActivityEntry['level'],
  ): void {
    this.#options.activity.add(event, details, level);
  }

  async setOffer(bytes: number): Promise<void> {
    this.#offer = bytes;
    this.#host.setOffer(bytes);
    await this.#open.announce();
    await this.#readSpace();
  }

  async removeFolder(name: string): Promise<void> {
    const { repository } = this.#options;
    const rest = (await readFolders(repository)).filter((folder) => folder.name !== name);
    await writeFolders(repository, rest);
    // Nothing is left that the last run could have failed to save.
    if (rest.length === 0) {
      this.#failure = undefined;
      await this.#keepFailure();
    }
    await this.refreshStanding();
  }

  /** A later start says so, too. */
  async #keepFailure(): Promise<void> {
    const { repository } = this.#options;
    await repository.apply([repository.operations.state(FAILURE_KEY, this.#failure ?? '')]);
  }

  /** After each run: why it failed, or that it did not; what it left unread. */
  async runEnded(fault: Fault | undefined, unreadable: number): Promise<void> {
    // One that was cancelled leaves open what was.
    if (fault !== 'aborted') {
      const failure = fault === undefined ? undefined : reasonOf(fault);
      const nobody = failure === 'too-few-partners' && this.#open.partners().length === 0;
      this.#failure = nobody ? 'no-partners' : (failure ?? (unreadable > 0 ? 'files-unreadable' : undefined));
      await this.#keepFailure();
    }
    await this.refreshStanding();
  }

  /**
   * Whether somebody is here for the pieces that wait for a holder, or all partners have one already and another is to be found. Each time
   * `m` pieces are fetched: so not for each that comes.
   */
  get mayBring(): boolean {
    const { awaited, awaitedOf } = this.#standing;
    const now = this.#options.platform.clock.monotonic();
    if (awaited === 0 || now - this.#broughtAt < this.#bringAfterMs) return false;
    return awaitedOf.size === 0 || this.#open.connected().some(({ peer }) => awaitedOf.has(peer.device));
  }

  /** A round in which pieces that wait were to be brought has ended. @param placed pieces that found a holder */
  roundEnded(placed: number): void {
    this.#broughtAt = this.#options.platform.clock.monotonic();
    this.#bringAfterMs = placed > 0 ? BRING_FIRST_MS : Math.min(2 * this.#bringAfterMs, BRING_LONGEST_MS);
  }

  /** Our delegate hears of us; those for whom we are the delegate are looked after when they are away. */
  async #lookAtDuties(): Promise<void> {
    await this.#duties.push();
    const surveys = await this.#duties.survey();
    const heldBy = new Map<DeviceId, number>();
    for (const survey of surveys) {
      for (const [device, bytes] of survey.heldBy) heldBy.set(device, (heldBy.get(device) ?? 0) + bytes);
    }
    this.#dutyHeldBy = heldBy;
    if (surveys.some(({ urgent }) => urgent)) this.#options.onRepairWanted('urgent', false);
    else if (surveys.some(({ lazy }) => lazy)) this.#options.onRepairWanted('lazy', false);
  }

  async refreshStanding(): Promise<void> {
    const { repository } = this.#options;
    this.#unsurveyed = false;
    this.#surveyedAt = this.#options.platform.clock.monotonic();
    this.#standing = await surveyPacks(this.#context);
    this.#folders = await readFolders(repository);
    this.#headAcknowledged = (await repository.ownHead()).acknowledged;
    await this.#readSpace();
    this.#options.onChange();
  }

  /** This membership's part of the state. */
  view(run: {
    readonly saving: boolean;
    readonly paused: boolean;
  }): Pick<AgentState, 'cooperative' | 'health' | 'folders' | 'partners' | 'space'> {
    const lastSavedAt = this.#folders.reduce<number | undefined>(
      (last, { savedAt }) => Math.max(last ?? 0, savedAt),
      undefined,
    );
    const health = judgeHealth({
      standing: this.#standing,
      cooperation: this.#open,
      saving: run.saving,
      paused: run.paused,
      folders: this.#folders.length,
      lastSavedAt,
      failure: this.#failure,
      headAcknowledged: this.#headAcknowledged,
    });
    return {
      cooperative: cooperativeView(this.#open, this.#options.identity.keys.account),
      health,
      folders: this.#folders.map((folder) => folderView(folder, health.state)),
      partners: this.#partnerViews(),
      space: this.#spaceView(),
    };
  }

  #partnerViews(): PartnerView[] {
    return partnerViews(this.#open, {
      now: this.#options.platform.clock.now(),
      heldBy: this.#standing.heldBy,
      holding: (account) => this.#host.heldFor(account),
    });
  }

  #watchHeld(): void {
    const { clock } = this.#options.platform;
    let cancel: (() => void) | undefined;
    const ignore = this.#host.store.onChange(() => {
      cancel ??= clock.after(SHOW_HELD_DELAY_MS, () => {
        cancel = undefined;
        this.#options.onChange();
      });
    });
    this.#stopWatching = () => {
      ignore();
      cancel?.();
    };
  }

  async #readSpace(): Promise<void> {
    this.#space = await this.#options.platform.blobs.space();
  }

  #spaceView(): SpaceView {
    return { ...this.#space, offered: this.#offer, promised: this.#host.promised, held: this.#host.held };
  }
}

async function lastFailure(repository: Repository): Promise<HealthReason | undefined> {
  const kept = await repository.state(FAILURE_KEY);
  return RUN_FAILURES.find((reason) => reason === kept);
}

function reasonOf(fault: Fault): HealthReason {
  switch (fault) {
    case 'too-few':
    case 'unreachable':
      return 'too-few-partners';
    case 'full':
      return 'partners-full';
    default:
      return 'last-run-failed';
  }
}
