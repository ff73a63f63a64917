import { RoostError, faultOf, messageOf } from '../core/errors.ts';
import { headNamesHolders, publishHead, renewHead } from './backup/head-writer.ts';
import type { DeviceId, SnapshotId } from '../core/ids.ts';
import { chunkIdFromBytes } from '../core/ids.ts';
import { totalShards } from '../core/erasure/codes.ts';
import { MIB } from '../core/limits.ts';
import type { AbortSignalLike } from '../core/progress.ts';
import type { Source } from '../ports/source.ts';
import type {
  BackupOptions,
  BackupReport,
  KeepRules,
  RecoveryReport,
  RestoreOptions,
  RestoreReport,
} from './api.ts';
import { runBackup } from './backup/backup.ts';
import { EarlyScan } from './backup/early-scan.ts';
import { checkNames } from './backup/scan.ts';
import type { Spread } from './backup/backup.ts';
import { PackPlacer } from './backup/pack-placer.ts';
import { checkPlaces } from './repository/folders.ts';
import { chooseCode } from './code-choice.ts';
import type { AgentContext } from './context.ts';
import { standIn } from './delegate/stand-in.ts';
import { forget } from './forget/forget.ts';
import type { ForgetOutcome } from './forget/forget.ts';
import type { Gate } from './gate.ts';
import { reconcileLedgers } from './ledgers/reconcile.ts';
import { drainReleases } from './ledgers/releases.ts';
import { onlinePartners, takeHolders } from './ledgers/take-holders.ts';
import type { Membership } from './running.ts';
import type { Partner } from './network/types.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { learnOtherDevices } from './recover/other-devices.ts';
import { recoverAccount } from './recover/recover.ts';
import type { RecoverRun } from './recover/recover.ts';
import { Pace } from './repair/pace.ts';
import { repairPacks } from './repair/repair-packs.ts';
import type { Repaired } from './repair/repair-packs.ts';
import type { RepairWork } from './repair/repair-work.ts';
import { restoreSnapshot } from './restore/restore.ts';

/** Room asked of each partner beside the content itself: trees, journal, padding. */
const ROOM_MARGIN_BYTES = 16 * MIB;
/** Sealing and records add this share to content that does not compress. */
const ROOM_FACTOR = 1.05;
/** Between two repairs that ask all holders what they have: of an account with other devices, which may have repaired meanwhile, and of any other. */
const COMPARE_OFTEN_MS = 12 * 3_600_000;
const COMPARE_SELDOM_MS = 72 * 3_600_000;
const COMPARED_KEY = 'compared-at';
/** A backup waits so long for repair; what is left then is done after it, in the background. */
const REPAIR_BEFORE_BACKUP_MS = 10 * 60_000;

/** A whole backup: leftovers of former runs first, then the run, then what holders may drop. */
export async function runBackupOn(
  membership: Membership,
  sources: readonly Source[],
  options: BackupOptions,
  meter: ProgressMeter,
  gate: Gate,
): Promise<Omit<BackupReport, 'health'>> {
  checkNames(sources);
  const context = await membership.start();
  if (options.moved !== true) await checkPlaces(context.repository, sources);
  const { clock, codec } = context.platform;
  const startedAt = clock.monotonic();
  codec.prepare?.();
  // One waits for the disk, what comes before the run waits for partners.
  const scan = new EarlyScan(sources, context.repository, meter, clock, options.signal);
  try {
    return await backUp(membership, context, scan, options, meter, gate, startedAt);
  } finally {
    scan.stop();
  }
}

async function backUp(
  membership: Membership,
  context: AgentContext,
  scan: EarlyScan,
  options: BackupOptions,
  meter: ProgressMeter,
  gate: Gate,
  startedAt: number,
): Promise<Omit<BackupReport, 'health'>> {
  const { signal } = options;
  await context.repository.rows.dropIntents();
  // What a holder lost for good counts as changed: the scan is compared with what is stored again then.
  const { lost, remade, moved } = await mend(membership, context, {
    meter,
    signal,
    pace: new Pace(context.platform.clock, Infinity),
    budgetMs: REPAIR_BEFORE_BACKUP_MS,
    giveUpLost: true,
  });
  if (remade > 0) membership.tell('pieces-remade', { pieces: remade }, 'info');
  if (moved > 0) membership.tell('rebalanced', { pieces: moved }, 'info');
  const outcome = await runBackup(context, {
    scanned: await scan.found(),
    meter,
    gate,
    trees: membership.reader(),
    removedPacks: lost,
    signal,
    spread: (bytes) => findPartners(context, options.code, bytes, meter, signal),
  });
  membership.holdersNamed = true;
  await drainReleases(context, signal);
  const { snapshot, carriedFiles, carriedBytes, storedBytes, readBytes, leftOut } = outcome;
  return {
    snapshot: snapshot.id,
    files: snapshot.files,
    bytes: snapshot.bytes,
    carriedFiles,
    carriedBytes,
    sentBytes: meter.transferred,
    storedBytes,
    readBytes,
    seconds: (context.platform.clock.monotonic() - startedAt) / 1000,
    unreadable: snapshot.unreadable,
    leftOut,
  };
}

/** Partners with room, and the code that fits their number. @throws RoostError 'full' | 'too-few' | 'unreachable' when the broker is away, too */
async function findPartners(
  context: AgentContext,
  code: string | undefined,
  bytes: number,
  meter: ProgressMeter,
  signal: AbortSignalLike | undefined,
): Promise<Spread> {
  const { cooperation, keys, platform } = context;
  const cancel = signal ? { signal } : {};
  const reach = (each: number): Promise<readonly Partner[]> =>
    meter.waiting((onReached) => cooperation.ensurePartners(each, { ...cancel, onReached }));
  const some = await reach(ROOM_MARGIN_BYTES);
  if (some.length === 0 && cooperation.connected().some(({ peer }) => peer.account !== keys.account)) {
    throw new RoostError('full', `none of the members in reach has ${ROOM_MARGIN_BYTES} bytes left for us`);
  }
  if (some.length === 0 && !cooperation.brokerOnline)
    throw new RoostError('unreachable', 'neither the broker nor any partner can be reached');
  const chosen = chooseCode(code, some, cooperation.partners(), platform.clock.now());
  const perPartner = Math.ceil((bytes * ROOM_FACTOR) / chosen.m) + ROOM_MARGIN_BYTES;
  const partners = await reach(perPartner);
  // Partners without room for all of it still help; placing tells when none has any left.
  const roomy = partners.length >= Math.min(totalShards(chosen), some.length) ? partners : some;
  return { code: chosen, partners: roomy };
}

/** Repairs what can be repaired now, at a pace that nobody notices. Must not run beside another run of this device. */
export async function repairOn(
  membership: Membership,
  run: Pick<RepairWork, 'meter' | 'signal' | 'only'>,
): Promise<Repaired> {
  const context = await membership.start();
  await context.repository.rows.dropIntents();
  const repaired = await mend(membership, context, { ...run, pace: new Pace(context.platform.clock) });
  await nameHolders(membership, context, run.signal);
  await drainReleases(context, run.signal);
  return repaired;
}

/** The newest head must lead to all holders, or who restores would not find their pieces. */
async function nameHolders(
  membership: Membership,
  context: AgentContext,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const { platform } = context;
  if (!membership.holdersNamed && !(await headNamesHolders(context))) await renewHead(context);
  membership.holdersNamed = true;
  try {
    await publishHead(context, signal);
  } catch (error) {
    if (faultOf(error) === 'aborted') throw error;
    // Told again after the next run.
    platform.log.info('repair.head-waits', { fault: faultOf(error), message: messageOf(error) });
  }
}

/** Repairs in the place of other devices of the account that are away and have asked for it. */
export async function standInOn(
  membership: Membership,
  run: Pick<RepairWork, 'meter' | 'signal' | 'only'>,
): Promise<number> {
  const context = await membership.start();
  const { duties } = membership;
  let remade = 0;
  for (const owner of duties.standsInFor) {
    const partners = await context.cooperation.ensurePartners(
      ROOM_MARGIN_BYTES,
      run.signal ? { signal: run.signal } : {},
    );
    const repaired = await standIn(context, duties.store, owner, {
      ...run,
      pace: new Pace(context.platform.clock),
      partners,
      onPlaced: () => (membership.holdersNamed = false),
      placer: placer(context, partners, run.meter, run.signal),
      reader: membership.packReader(() => undefined, run.meter),
    });
    remade += repaired.remade;
  }
  await nameHolders(membership, context, run.signal);
  return remade;
}

/** Asks all holders in reach what they have for us, and learns what other devices of the account did. */
async function compareWithHolders(
  membership: Membership,
  context: AgentContext,
  meter: ProgressMeter,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const read = new Set(onlinePartners(context));
  const others = await meter.waiting((onReached) =>
    learnOtherDevices(context, membership.reader(), signal, onReached),
  );
  // Another device may have repaired for this one, on holders that are no partners here.
  if (others !== 'none' || (await membership.duties.hasDelegate())) await takeHolders(context, read, signal);
  for (const { holder, lost } of await reconcileLedgers(context, signal)) {
    if (lost.length > 0) membership.tell('pieces-lost', { device: holder, pieces: lost.length }, 'warning');
  }
  const { repository, platform, cooperation } = context;
  if (cooperation.connected().length > 0)
    await repository.apply([repository.operations.state(COMPARED_KEY, platform.clock.now())]);
}

async function isTimeToCompare(context: AgentContext): Promise<boolean> {
  const { repository, platform } = context;
  const at = await repository.state(COMPARED_KEY);
  const age = typeof at === 'number' ? platform.clock.now() - at : Infinity;
  return age < 0 || age >= (await compareAfterMs(context));
}

async function compareAfterMs({ repository, cooperation, device }: AgentContext): Promise<number> {
  const others = [...(await repository.heads()).keys()].some((other) => other !== device);
  return others || cooperation.ledgers().some(({ adopted }) => adopted)
    ? COMPARE_OFTEN_MS
    : COMPARE_SELDOM_MS;
}

/** Looks what holders still have and remakes what they lost, before new packs rely on them. */
async function mend(
  membership: Membership,
  context: AgentContext,
  run: Omit<RepairWork, 'partners' | 'placer' | 'reader' | 'onPlaced'>,
): Promise<Repaired> {
  const { meter, signal } = run;
  const partners = await meter.waiting((onReached) =>
    context.cooperation.ensurePartners(ROOM_MARGIN_BYTES, {
      ...(signal ? { signal } : {}),
      atLeast: membership.partnersWanted,
      onReached,
    }),
  );
  // A repair that follows another soon knows what it needs; audits and notices tell what is new.
  if (run.giveUpLost === true || (await isTimeToCompare(context)))
    await compareWithHolders(membership, context, meter, signal);
  await drainReleases(context, signal);
  const bring = run.only !== 'urgent' && membership.mayBring;
  const repaired = await repairPacks(context, {
    ...run,
    bring,
    onPlaced: () => (membership.holdersNamed = false),
    partners,
    placer: placer(context, partners, meter, signal),
    reader: membership.packReader(() => undefined, meter),
  });
  if (bring) membership.roundEnded(repaired.remade);
  return repaired;
}

export async function runRestoreOn(
  membership: Membership,
  id: SnapshotId,
  options: RestoreOptions,
  meter: ProgressMeter,
  gate: Gate,
): Promise<RestoreReport> {
  const context = await membership.start();
  const startedAt = context.platform.clock.monotonic();
  context.platform.codec.prepare?.();
  const snapshot = await context.repository.snapshot(id);
  const wrong = new Map<DeviceId, number>();
  const reader = membership.reader(
    (device, segments) => wrong.set(device, (wrong.get(device) ?? 0) + segments),
    meter,
  );
  const outcome = await restoreSnapshot({
    repository: context.repository,
    reader,
    nameChunk: async (bytes) =>
      chunkIdFromBytes(await context.platform.crypto.hmac(context.keys.chunkId, bytes)),
    snapshot,
    paths: options.paths,
    sink: options.sink,
    meter,
    gate,
    signal: options.signal,
  });
  return {
    ...outcome,
    seconds: (context.platform.clock.monotonic() - startedAt) / 1000,
    corrected: [...wrong].map(([device, segments]) => ({ device, segments })),
  };
}

export async function runForgetOn(
  membership: Membership,
  rules: KeepRules,
  meter: ProgressMeter,
): Promise<ForgetOutcome> {
  const context = await membership.start();
  const partners = await context.cooperation.ensurePartners(ROOM_MARGIN_BYTES);
  const others = await learnOtherDevices(context, membership.reader(), undefined);
  const outcome = await forget(context, {
    rules,
    code: chooseCode('auto', partners, context.cooperation.partners(), context.platform.clock.now()),
    placer: placer(context, partners, meter, undefined),
    reader: membership.reader(),
    others,
    signal: undefined,
  });
  await drainReleases(context);
  return outcome;
}

export async function recoverOn(
  membership: Membership,
  run: Omit<RecoverRun, 'reader'>,
): Promise<RecoveryReport> {
  const context = await membership.start();
  return recoverAccount(context, { ...run, reader: membership.reader() });
}

function placer(
  context: AgentContext,
  partners: readonly Partner[],
  meter: ProgressMeter,
  signal: AbortSignalLike | undefined,
): PackPlacer {
  const { platform, keys, cooperation, repository } = context;
  return new PackPlacer({
    owner: keys.account,
    cooperation,
    repository,
    codec: platform.codec,
    clock: platform.clock,
    log: platform.log,
    partners,
    signal,
    onSent: (bytes) => {
      meter.add({ transferred: bytes });
    },
  });
}
