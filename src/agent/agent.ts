import type { AccountKeys } from '../core/crypto/account-keys.ts';
import { phraseFromEntropy, secretsFromPhrase, ENTROPY_BYTES } from '../core/crypto/phrase.ts';
import { RoostError, faultOf, messageOf } from '../core/errors.ts';
import type { CooperativeId, DeviceId, SnapshotId } from '../core/ids.ts';
import { parseCode } from '../core/erasure/codes.ts';
import { parseCooperativeId } from '../core/ids.ts';
import { parseInviteLink } from '../core/roster/invite.ts';
import type { AbortSignalLike, OnProgress, Progress } from '../core/progress.ts';
import type { Platform } from '../ports/platform.ts';
import type { Rendezvous } from '../ports/rendezvous.ts';
import type { Source } from '../ports/source.ts';
import type { Transport } from '../ports/transport.ts';
import { Activity } from './activity.ts';
import type {
  AgentApi,
  AgentState,
  BackupOptions,
  BackupReport,
  CheckOptions,
  CheckReport,
  FileSummary,
  KeepRules,
  RecoveryReport,
  RecoverySheet,
  RestoreOptions,
  RestoreReport,
  SnapshotSummary,
  TaskView,
} from './api.ts';
import { Gate } from './gate.ts';
import type { Identity } from './identity.ts';
import { loadIdentity } from './identity.ts';
import { Limiter } from '../core/limiter.ts';
import { foundCooperative, joinCooperative, makeInvite } from './membership.ts';
import type { RosterAccess } from './membership.ts';
import { ProgressMeter } from './progress-meter.ts';
import { findBackup } from './recover/find-backup.ts';
import type { RepairOutcome, Urgency } from './repairs.ts';
import { Repairs } from './repairs.ts';
import { Repository } from './repository/repository.ts';
import { Membership } from './running.ts';
import { UPLOAD_LEAST_BYTES_PER_SECOND, UploadLimit } from './session/upload-limit.ts';
import { StateStore } from './state.ts';
import { recoverOn, repairOn, runBackupOn, runForgetOn, runRestoreOn, standInOn } from './runs.ts';
import { isKnownFolder } from './backup/known-folder.ts';
import { listFolder } from './browse.ts';
import { checkHolders } from './check.ts';

/** Loads what this platform knows of an account and gives the agent that acts for it. */
export async function createAgent(platform: Platform): Promise<AgentApi> {
  const agent = new Agent(platform);
  await agent.load();
  return agent;
}

interface Network {
  readonly transport: Transport;
  readonly rendezvous: Rendezvous;
}

class Agent implements AgentApi {
  readonly #platform: Platform;
  readonly #repository: Repository;
  readonly #activity: Activity;
  readonly #store = new StateStore();
  readonly #gate = new Gate();
  /** backup, restore, recovery and forgetting run one at a time */
  readonly #work = new Limiter(1);
  readonly #uploads: UploadLimit;
  #identity: Identity | undefined;
  #network: Network | undefined;
  #membership: Membership | undefined;
  readonly #repairs: Repairs;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#repository = new Repository(platform.meta);
    this.#activity = new Activity(platform.meta, platform.clock);
    this.#uploads = new UploadLimit(platform.clock);
    this.#repairs = new Repairs({
      clock: platform.clock,
      log: platform.log,
      repair: (urgency, signal) => this.#repair(urgency, signal),
    });
  }

  get state(): AgentState {
    return this.#store.state;
  }

  subscribe(handler: (state: AgentState) => void): () => void {
    return this.#store.subscribe(handler);
  }

  async load(): Promise<void> {
    await this.#activity.load();
    const uploadLimit = await this.#repository.state('upload-limit');
    if (typeof uploadLimit === 'number' && uploadLimit > 0) this.#uploads.set(uploadLimit);
    const keys = await this.#platform.vault.loadAccount();
    if (keys) await this.#adoptKeys(keys);
    const cooperative = await this.#repository.state('cooperative');
    if (keys && typeof cooperative === 'string') await this.#enter(parseCooperativeId(cooperative));
    this.#refresh();
  }

  async createAccount(): Promise<{ readonly words: string }> {
    this.#mustBeNew();
    const words = phraseFromEntropy(this.#platform.random.bytes(ENTROPY_BYTES));
    await this.#adoptKeys(await this.#platform.vault.saveAccount(secretsFromPhrase(words)));
    return { words };
  }

  async useWords(words: string): Promise<void> {
    this.#mustBeNew();
    await this.#adoptKeys(await this.#platform.vault.saveAccount(secretsFromPhrase(words)));
  }

  checkWords(words: string): Promise<boolean> {
    const { check, account } = this.#mustHaveIdentity().keys;
    const secrets = secretsFromPhrase(words);
    return Promise.resolve(secrets.check === check && account === this.state.account);
  }

  async found(name: string, displayName: string): Promise<{ readonly invite: string }> {
    this.#mustBeInNoOther(undefined);
    const access = await this.#access();
    const cooperative = await foundCooperative(access, name, displayName);
    await this.#remember(cooperative);
    this.#activity.add('founded', { name });
    return { invite: await makeInvite(access, cooperative) };
  }

  async join(link: string, displayName: string): Promise<void> {
    this.#mustBeInNoOther(parseInviteLink(link).cooperative);
    const cooperative = await joinCooperative(await this.#access(), link, displayName);
    await this.#remember(cooperative);
    this.#activity.add('joined', { name: this.state.cooperative?.name ?? '' });
  }

  async invite(
    options: { readonly uses?: number; readonly days?: number } = {},
  ): Promise<{ readonly invite: string }> {
    const membership = this.#mustBeMember();
    const invite = await makeInvite(await this.#access(), membership.cooperative, options);
    return { invite };
  }

  async recover(
    options: { readonly onProgress?: OnProgress; readonly signal?: BackupOptions['signal'] } = {},
  ): Promise<RecoveryReport> {
    return this.#task('recover', options.onProgress, async (meter) => {
      const identity = this.#mustHaveIdentity();
      const network = await this.#online();
      const found = await findBackup(this.#platform, network.rendezvous, identity.keys);
      const membership = await this.#remember(found.cooperative);
      const report = await recoverOn(membership, { ...found, meter, signal: options.signal });
      this.#activity.add('recovered', { snapshots: report.snapshots, partners: report.partnersRead });
      await membership.refreshStanding();
      return report;
    });
  }

  async start(): Promise<void> {
    await this.#mustBeMember().start();
    this.#refresh();
  }

  async stop(): Promise<void> {
    await this.#repairs.stop();
    await this.#membership?.stop();
    await this.#network?.transport.close();
    await this.#network?.rendezvous.close();
    this.#network = undefined;
    await this.#activity.settled();
    await this.#platform.codec.close();
    await this.#platform.blobs.close();
    await this.#platform.meta.close();
  }

  async setOffer(bytes: number): Promise<void> {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new RoostError('usage', `space to give must be a whole number of bytes from 0, got ${bytes}`);
    }
    await this.#repository.apply([this.#repository.operations.state('offer', bytes)]);
    await this.#membership?.setOffer(bytes);
    this.#refresh();
  }

  async setUploadLimit(bytesPerSecond: number | undefined): Promise<void> {
    if (
      bytesPerSecond !== undefined &&
      !(Number.isSafeInteger(bytesPerSecond) && bytesPerSecond >= UPLOAD_LEAST_BYTES_PER_SECOND)
    ) {
      throw new RoostError(
        'usage',
        `limit of uploads must be at least ${UPLOAD_LEAST_BYTES_PER_SECOND} bytes a second, got ${bytesPerSecond}`,
      );
    }
    await this.#repository.apply([this.#repository.operations.state('upload-limit', bytesPerSecond ?? 0)]);
    this.#uploads.set(bytesPerSecond);
    this.#refresh();
  }

  async setDeviceLabel(label: string): Promise<void> {
    const identity = this.#mustHaveIdentity();
    this.#identity = await loadIdentity(this.#platform, identity.keys, label);
    this.#refresh();
  }

  async backup(sources: readonly Source[], options: BackupOptions = {}): Promise<BackupReport> {
    if (sources.length === 0) throw new RoostError('usage', 'a backup needs at least one folder, got none');
    // Before the run, which then has not failed.
    if (options.code !== undefined && options.code !== 'auto') parseCode(options.code);
    const report = await this.#task('backup', options.onProgress, async (meter) => {
      const membership = this.#mustBeMember();
      try {
        const report = await runBackupOn(membership, sources, options, meter, this.#gate);
        const { files, bytes, carriedFiles, carriedBytes, sentBytes } = report;
        const looked = { files: files - carriedFiles, bytes: bytes - carriedBytes };
        this.#activity.add('saved', { ...looked, sent: sentBytes });
        await membership.runEnded(undefined, report.unreadable.length);
        await membership.duties.push();
        return report;
      } catch (error) {
        await membership.runEnded(faultOf(error), 0);
        if (faultOf(error) !== 'aborted') {
          this.#activity.add('save-failed', { fault: faultOf(error), reason: messageOf(error) }, 'problem');
        }
        throw error;
      }
    });
    return { ...report, health: this.state.health.state };
  }

  async knows(source: Source): Promise<boolean> {
    return isKnownFolder(this.#repository, source);
  }

  async removeFolder(name: string): Promise<void> {
    await this.#mustBeMember().removeFolder(name);
    this.#activity.add('folder-removed', { name });
    this.#refresh();
  }

  pause(): void {
    this.#gate.close();
    this.#refresh();
  }

  resume(): void {
    this.#gate.open();
    this.#refresh();
  }

  async snapshots(): Promise<readonly SnapshotSummary[]> {
    const snapshots = await this.#repository.snapshots();
    return [...snapshots].reverse().map((s) => ({
      snapshot: s.id,
      device: s.device,
      deviceLabel: s.deviceLabel,
      startedAt: s.startedAt,
      endedAt: s.endedAt,
      files: s.files,
      bytes: s.bytes,
      unreadableCount: s.unreadableCount,
    }));
  }

  async list(snapshot: SnapshotId, path: string): Promise<readonly FileSummary[]> {
    return listFolder(this.#mustBeMember().reader(), await this.#repository.snapshot(snapshot), path);
  }

  async restore(snapshot: SnapshotId, options: RestoreOptions): Promise<RestoreReport> {
    return this.#task('restore', options.onProgress, async (meter) => {
      const report = await runRestoreOn(this.#mustBeMember(), snapshot, options, meter, this.#gate);
      const level = report.failed.length > 0 ? 'problem' : 'info';
      this.#activity.add('restored', { files: report.files, failed: report.failed.length }, level);
      for (const { device, segments } of report.corrected) {
        this.#activity.add('wrong-bytes', { device, segments }, 'warning');
      }
      return report;
    });
  }

  async forget(
    keep: KeepRules,
  ): Promise<{ readonly forgotten: readonly SnapshotId[]; readonly releasedBytes: number }> {
    return this.#task('forget', undefined, async (meter) => {
      const membership = this.#mustBeMember();
      const outcome = await runForgetOn(membership, keep, meter);
      this.#activity.add('forgotten', { snapshots: outcome.forgotten.length, bytes: outcome.releasedBytes });
      await membership.refreshStanding();
      return outcome;
    });
  }

  async check(options: CheckOptions = {}): Promise<CheckReport> {
    return this.#task('check', options.onProgress, async (meter) => {
      const report = await checkHolders(this.#mustBeMember(), meter, options.signal);
      const failed = report.partners.filter(
        ({ outcome }) => outcome === 'failed' || outcome === 'lost',
      ).length;
      const proved = report.partners.filter(({ outcome }) => outcome === 'proved').length;
      this.#activity.add('checked', { proved, failed }, failed > 0 ? 'problem' : 'info');
      return report;
    });
  }

  recoverySheet(): RecoverySheet {
    const membership = this.#mustBeMember();
    const { account, check } = this.#mustHaveIdentity().keys;
    return { origin: this.#platform.origin, account, check, ...membership.sheet() };
  }

  async endPartnership(device: DeviceId): Promise<void> {
    await this.#mustBeMember().endPartnership(device);
    this.#refresh();
  }

  async setDelegate(device: DeviceId | undefined): Promise<void> {
    await this.#mustBeMember().setDelegate(device);
    this.#activity.add('delegate-set', { device: device ?? '' });
    this.#refresh();
  }

  async wipe(): Promise<void> {
    await this.stop();
    await this.#platform.wipe();
  }

  /** One repair in the background. What is left is looked at again when partners are. */
  async #repair(urgency: Urgency, signal: AbortSignalLike): Promise<RepairOutcome> {
    const membership = this.#membership;
    if (membership === undefined) return 'done';
    return this.#task('repair', undefined, async (meter) => {
      const { clock } = this.#platform;
      const startedAt = clock.monotonic();
      const run = { meter, signal, ...(urgency === 'urgent' ? { only: 'urgent' as const } : {}) };
      const { remade, moved, bytes, missing, unread } = await repairOn(membership, run);
      const forOthers = await standInOn(membership, run);
      if (forOthers > 0) this.#activity.add('stood-in', { pieces: forOthers });
      const seconds = Math.round((clock.monotonic() - startedAt) / 1000);
      if (remade > 0) this.#activity.add('repair-done', { pieces: remade, bytes, seconds });
      if (moved > 0) this.#activity.add('rebalanced', { pieces: moved });
      if (missing > 0) this.#activity.addIfNew('repair-waits', { pieces: missing }, 'warning');
      await membership.refreshStanding();
      const stuck = missing > unread && remade === 0;
      membership.repairEnded(stuck);
      if (stuck) return 'stuck';
      return unread > 0 ? 'waiting' : 'done';
    });
  }

  async #adoptKeys(keys: AccountKeys): Promise<void> {
    this.#identity = await loadIdentity(this.#platform, keys);
    await this.#platform.codec.setKeys(keys);
    this.#refresh();
  }

  async #remember(cooperative: CooperativeId): Promise<Membership> {
    await this.#repository.apply([this.#repository.operations.state('cooperative', cooperative)]);
    return this.#enter(cooperative);
  }

  async #enter(cooperative: CooperativeId): Promise<Membership> {
    await this.#membership?.stop();
    const offer = await this.#repository.state('offer');
    this.#membership = await Membership.open({
      platform: this.#platform,
      repository: this.#repository,
      identity: this.#mustHaveIdentity(),
      cooperative,
      offer: typeof offer === 'number' ? offer : 0,
      uploads: this.#uploads,
      network: () => this.#online(),
      activity: this.#activity,
      onChange: () => {
        this.#refresh();
      },
      onRepairWanted: (urgency, fresh) => {
        this.#repairs.want(urgency, fresh);
      },
    });
    this.#refresh();
    return this.#membership;
  }

  async #online(): Promise<Network> {
    if (this.#network) return this.#network;
    const { device, devicePublicKey, signer } = this.#mustHaveIdentity();
    const network = await this.#platform.network({
      device,
      publicKey: devicePublicKey,
      sign: (message) => signer.sign(message),
    });
    network.rendezvous.onStatus(() => {
      this.#refresh();
    });
    this.#network = network;
    return network;
  }

  async #access(): Promise<RosterAccess> {
    const { rendezvous } = await this.#online();
    return {
      platform: this.#platform,
      rendezvous,
      identity: this.#mustHaveIdentity(),
      origin: this.#platform.origin,
    };
  }

  async #task<T>(
    kind: TaskView['kind'],
    onProgress: OnProgress | undefined,
    run: (meter: ProgressMeter) => Promise<T>,
  ): Promise<T> {
    // What people ask for comes first; a repair goes on where it stopped.
    if (kind !== 'repair') this.#repairs.giveWay();
    return this.#work.run(async () => {
      const phase: Progress['phase'] = kind === 'backup' ? 'scanning' : 'locating';
      const meter = new ProgressMeter(this.#platform.clock, phase, (progress) => {
        this.#store.setTask({ kind, paused: this.#gate.closed, progress });
        onProgress?.(progress);
      });
      meter.phase(phase);
      this.#refresh();
      try {
        return await run(meter);
      } finally {
        this.#store.setTask(undefined);
        this.#gate.open();
        this.#refresh();
      }
    });
  }

  #refresh(): void {
    this.#store.outdate(({ task }) => {
      const identity = this.#identity;
      return {
        phase: identity === undefined ? 'new' : this.#membership === undefined ? 'keys' : 'member',
        account: identity?.keys.account,
        device: identity?.device,
        deviceLabel: identity?.deviceLabel ?? '',
        broker: this.#network?.rendezvous.status ?? { online: false, reason: undefined },
        activity: this.#activity.entries,
        uploadLimit: this.#uploads.bytesPerSecond,
        task: task ? { ...task, paused: this.#gate.closed } : undefined,
        ...this.#membership?.view({
          saving: task?.kind === 'backup',
          paused: this.#gate.closed && task !== undefined,
        }),
      };
    });
  }

  /** Words that led nowhere may be typed again; an account that is a member stays. */
  #mustBeNew(): void {
    if (this.#membership)
      throw new RoostError('usage', 'this device has an account in a cooperative already');
  }

  /** A device belongs to one cooperative, where its pieces lie and whose pieces it keeps; the same invite may be used again. */
  #mustBeInNoOther(cooperative: CooperativeId | undefined): void {
    const joined = this.#membership?.cooperative;
    if (joined === undefined || joined === cooperative) return;
    const name = this.state.cooperative?.name ?? '';
    throw new RoostError(
      'usage',
      `this device is in the cooperative "${name}" already, and can be in one only: another one needs a home (or browser profile) of its own`,
    );
  }

  #mustHaveIdentity(): Identity {
    if (!this.#identity) throw new RoostError('usage', 'this device has no account yet');
    return this.#identity;
  }

  #mustBeMember(): Membership {
    if (!this.#membership) throw new RoostError('usage', 'this device is in no cooperative yet');
    return this.#membership;
  }
}
