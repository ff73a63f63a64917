import type { MemoryDevice } from '../../src/adapters/memory/memory-device.ts';
import { silentLog } from '../../src/adapters/memory/memory-log.ts';
import { MemorySink } from '../../src/adapters/memory/memory-sink.ts';
import type { SeededRandom } from '../../src/adapters/memory/seeded-random.ts';
import type { MemoryWorld } from '../../src/adapters/memory/world.ts';
import { createAgent } from '../../src/agent/agent.ts';
import type { ActivityEntry, AgentApi } from '../../src/agent/api.ts';
import { faultOf } from '../../src/core/errors.ts';
import { TIB } from './sizes.ts';
import type { Files } from './content.ts';
import { Content, sameFiles } from './content.ts';
import { DAY_MS, HOUR_MS } from './faults.ts';
import type { Metrics } from './metrics.ts';
import type { Profile, WayOff } from './population.ts';
import { ProgramEnded, RunOfProgram } from './run-of-program.ts';
import type { Trace } from './trace.ts';

const BACKUP_INTERVAL_MS = 7 * DAY_MS;
/** After going on: nobody starts a backup in the first minutes. */
const SETTLE_MS = 10 * 60_000;
const RETRY_MS = 3 * HOUR_MS;
/** An orderly stop that takes longer is ended as a browser ends it. */
const STOP_LIMIT_MS = 60_000;
/** Who gets no data back within this time has lost it. */
const RESTORE_LIMIT_MS = 30 * DAY_MS;
const RESTORE_RETRY_MS = 6 * HOUR_MS;
/** Snapshots kept. */
const KEEP = { last: 4 };
/** Forgetting after so many backups. */
const FORGET_EACH = 4;

/** What a member needs of the cooperative. */
export interface Surroundings {
  readonly world: MemoryWorld;
  readonly trace: Trace;
  readonly metrics: Metrics;
  /** @throws when no steward can be reached now */
  invite(): Promise<string>;
  /** A restore did not give the data back. */
  onFailure(reason: string): void;
  /** A member's backup is acknowledged, or old snapshots of it are forgotten. */
  onSaved(member: Member): void;
  /** A member's device is about to be gone without a word, and all that it kept; who comes back in its place is another device. */
  onVanishing(member: Member): void;
  /** Somebody holds that a device has broken its word. */
  onReneged(device: string, by: string): void;
}

/** 'new': has no account yet; 'lost': has nothing but the words; 'gone': has left for good */
type Standing = 'new' | 'member' | 'lost' | 'gone';

/** One person with one device, from joining to leaving. */
export class Member {
  readonly name: string;
  readonly profile: Profile;
  readonly device: MemoryDevice;
  readonly content: Content;
  readonly #around: Surroundings;
  readonly #random: SeededRandom;
  standing: Standing = 'new';
  words = '';
  /** the device is in a backup or restore of its own */
  saving = false;
  /** contents that a restore may give: as acknowledged last, and those of later runs that were cut off */
  expected: Files[] = [];
  #run: RunOfProgram | undefined;
  #watched: { readonly agent: AgentApi; seen: ActivityEntry | undefined } | undefined;
  #stopping: Promise<void> | undefined;
  #wanted = false;
  #savedAt = -Infinity;
  #saves = 0;
  #lostAt = 0;
  #returnsAt = 0;

  constructor(around: Surroundings, profile: Profile, generation: number) {
    this.#around = around;
    this.profile = profile;
    this.name = `${profile.slot}.${generation}`;
    this.#random = around.world.random.fork(`member/${this.name}`);
    this.content = new Content(this.#random.fork('content'));
    const { family, system, zone, neighbourhood, storageClass, persisted } = profile;
    this.device = around.world.device(this.name, {
      about: { family, system, zone },
      neighbourhood,
      storageClass,
      persisted,
      capacity: 16 * TIB,
      writeLog: silentLog,
    });
  }

  get agent(): AgentApi | undefined {
    return this.#run?.agent;
  }

  get online(): boolean {
    return this.#run?.agent !== undefined && !this.device.asleep;
  }

  /** Whether the device should be on now. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Goes on, now or as soon as it can. */
  goOn(): void {
    if (this.standing === 'gone') return;
    this.#wanted = true;
    if (this.device.asleep) this.device.wake();
    void this.#start();
  }

  goOff(how: WayOff): void {
    this.#wanted = false;
    if (how !== 'sleep') this.#end(how);
    // A program that has not begun yet does not sleep: its start would fail half-way.
    else if (this.#run?.agent === undefined) this.#end('crash');
    else this.device.sleep();
  }

  /** Leaves for good: the device and all it holds are never seen again. */
  leave(): void {
    this.#around.onVanishing(this);
    this.goOff('crash');
    this.standing = 'gone';
    this.device.disk.evict('all');
  }

  /** All that the device kept is gone; its person comes back with the words. */
  loseData(awayMs: number): void {
    this.#around.onVanishing(this);
    this.#end('crash');
    this.device.disk.evict('all');
    this.#lostAt = this.#now();
    this.#returnsAt = this.#lostAt + awayMs;
    if (this.standing !== 'gone') this.standing = this.expected.length > 0 ? 'lost' : 'new';
    this.#startLater(awayMs);
  }

  /** Ends without a word and starts again `pauseMs` later if the device is on then; `meanwhile` is done to its disk. */
  crash(pauseMs: number, meanwhile: () => void = () => undefined): void {
    this.#end('crash');
    meanwhile();
    this.#startLater(pauseMs);
  }

  #now(): number {
    return this.#around.world.clock.monotonic();
  }

  #end(how: 'stop' | 'crash'): void {
    const run = this.#run;
    if (run === undefined) return;
    this.noteActivity();
    this.#watched = undefined;
    this.#run = undefined;
    this.saving = false;
    const { agent } = run;
    if (how === 'crash' || agent === undefined) {
      this.device.crash();
      run.end();
      return;
    }
    const { metrics, world } = this.#around;
    const limit = world.clock.sleep(STOP_LIMIT_MS).then(() => 'late' as const);
    const stopped = agent.stop().then(
      () => 'stopped' as const,
      () => 'failed' as const,
    );
    this.#stopping = Promise.race([stopped, limit]).then((outcome) => {
      if (outcome !== 'stopped') metrics.count(`stop ${outcome}`);
      this.device.shutDown();
      run.end();
      this.#stopping = undefined;
    });
  }

  #startLater(ms: number): void {
    this.#around.world.clock.after(ms, () => {
      if (this.#wanted) void this.#start();
    });
  }

  async #start(): Promise<void> {
    await this.#stopping;
    if (this.#run !== undefined || !this.#wanted || this.standing === 'gone') return;
    if (this.#now() < this.#returnsAt) return;
    const run = new RunOfProgram();
    this.#run = run;
    try {
      const agent = await run.race(
        createAgent(this.device.running ? this.device.platform : this.device.restart()),
      );
      this.#watch(agent);
      if (this.standing === 'new') await this.#join(run, agent);
      else if (this.standing === 'lost') await this.#recover(run, agent);
      await run.race(agent.start());
      run.agent = agent;
      this.#around.metrics.count('starts');
      this.#saveLater(run, SETTLE_MS * (1 + 5 * this.#random.fraction()));
    } catch (error) {
      if (error instanceof ProgramEnded) return;
      this.#noteFailure('start', error);
      if (this.#run === run) this.crash(RETRY_MS);
    }
  }

  async #join(run: RunOfProgram, agent: AgentApi): Promise<void> {
    if (agent.state.phase === 'new') this.words = (await run.race(agent.createAccount())).words;
    await run.race(agent.setOffer(TIB));
    await run.race(agent.join(await run.race(this.#around.invite()), this.name));
    this.standing = 'member';
    // People do not all save for the first time in one hour.
    this.#savedAt = this.#now() - BACKUP_INTERVAL_MS * this.#random.fraction();
  }

  /** Founds the cooperative instead of joining it. */
  async found(name: string): Promise<void> {
    this.#wanted = true;
    const run = new RunOfProgram();
    this.#run = run;
    const agent = await createAgent(this.device.platform);
    this.words = (await agent.createAccount()).words;
    await agent.setOffer(TIB);
    await agent.found(name, this.name);
    await agent.start();
    this.standing = 'member';
    run.agent = agent;
    this.#watch(agent);
    this.#saveLater(run, SETTLE_MS);
  }

  /** Joins, and goes off again at once: the start of a cooperative, before time begins to count. */
  async enrol(): Promise<void> {
    const run = new RunOfProgram();
    const agent = await createAgent(this.device.platform);
    await this.#join(run, agent);
    await agent.stop();
    this.device.shutDown();
    run.end();
  }

  async #recover(run: RunOfProgram, agent: AgentApi): Promise<void> {
    if (agent.state.phase === 'new') await run.race(agent.useWords(this.words));
    await run.race(agent.setOffer(TIB));
    await run.race(agent.recover());
    await run.race(agent.start());
    run.agent = agent;
    const reason = await this.#restoreWhole(run, agent);
    if (reason === undefined) {
      this.#around.metrics.count('restored after a loss');
      this.standing = 'member';
      this.#savedAt = this.#now();
      return;
    }
    this.#around.trace.text(`${this.name} not whole yet: ${reason}`);
    if (this.#now() - this.#lostAt > RESTORE_LIMIT_MS) {
      this.#around.onFailure(
        `${this.name} could not restore within ${RESTORE_LIMIT_MS / DAY_MS} days: ${reason}`,
      );
      this.standing = 'member';
      this.expected = [];
      return;
    }
    this.#around.metrics.count('restore tried again');
    await run.race(this.#around.world.clock.sleep(RESTORE_RETRY_MS));
    await this.#recover(run, agent);
  }

  /** Restores the newest snapshot. @returns why it is not what was saved; undefined when it is */
  async #restoreWhole(run: RunOfProgram, agent: AgentApi): Promise<string | undefined> {
    this.saving = true;
    try {
      return await run.race(restoreMatches(agent, this.expected));
    } catch (error) {
      if (error instanceof ProgramEnded) throw error;
      return faultOf(error);
    } finally {
      if (this.#run === run) this.saving = false;
    }
  }

  /** By the device's own clock: nobody starts a backup on a device that sleeps. */
  #saveLater(run: RunOfProgram, ms: number): void {
    this.device.platform.clock.after(ms, () => {
      if (run.alive && this.#run === run) void this.#saveIfDue(run);
    });
  }

  async #saveIfDue(run: RunOfProgram): Promise<void> {
    const wait = this.#savedAt + BACKUP_INTERVAL_MS - this.#now();
    if (wait > 0) {
      this.#saveLater(run, wait);
      return;
    }
    const { metrics } = this.#around;
    const agent = run.agent;
    if (agent === undefined) return;
    this.saving = true;
    this.content.change();
    const files = this.content.files();
    this.expected.push(files);
    try {
      await run.race(agent.backup([this.content.source]));
      this.expected = [files];
      this.#savedAt = this.#now();
      metrics.count('backups');
      this.#around.onSaved(this);
      if (++this.#saves % FORGET_EACH === 0) {
        await run.race(agent.forget(KEEP));
        this.#around.onSaved(this);
      }
      this.saving = false;
      this.#saveLater(run, BACKUP_INTERVAL_MS);
    } catch (error) {
      if (error instanceof ProgramEnded) return;
      this.saving = false;
      this.#noteFailure('backup', error);
      this.#saveLater(run, RETRY_MS);
    }
  }

  /** What fails for want of partners or of the network is tried again; a mistake in the program is none of the faults of this world. */
  #noteFailure(what: string, error: unknown): void {
    const { metrics, trace, onFailure } = this.#around;
    const fault = faultOf(error);
    metrics.count(`${what} failed: ${fault}`);
    trace.text(`${this.name} ${what} failed: ${fault}`);
    if (fault === 'internal') onFailure(`${this.name}: ${what} failed: ${stackOf(error)}`);
  }

  /**
   * Puts into the trace what the agent has noted of its doings since the last look. A look is dear (an agent works its state out for
   * it), so this is done once a day and before the program ends, which 500 entries are enough for.
   */
  noteActivity(): void {
    const { trace, metrics } = this.#around;
    const { agent, seen } = this.#watched ?? {};
    if (this.#watched === undefined || agent === undefined) return;
    const { activity } = agent.state;
    const end = seen === undefined ? activity.length : activity.indexOf(seen);
    for (const { at, event, details, level } of activity.slice(0, end < 0 ? undefined : end).reverse()) {
      metrics.count(`activity: ${event}`);
      if (event === 'partner-reneged') this.#around.onReneged(String(details['device']), this.name);
      trace.text(`${this.name} ${at} ${level} ${event} ${JSON.stringify(details)}`);
    }
    this.#watched.seen = activity[0];
  }

  #watch(agent: AgentApi): void {
    this.#watched = { agent, seen: agent.state.activity[0] };
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Restores the newest snapshot. @returns why it is none of those expected; undefined when it is one */
export async function restoreMatches(
  agent: AgentApi,
  expected: readonly Files[],
): Promise<string | undefined> {
  const newest = (await agent.snapshots())[0];
  if (newest === undefined) return 'no snapshot';
  const sink = new MemorySink();
  const report = await agent.restore(newest.snapshot, { sink, paths: [] });
  if (report.failed.length > 0)
    return `${report.failed.length} files not restored (${report.failed[0]?.fault ?? ''})`;
  const files: Files = new Map(
    [...sink.collected].filter(([, { kind }]) => kind === 'file').map(([path, { bytes }]) => [path, bytes]),
  );
  return expected.some((one) => sameFiles(one, files)) ? undefined : 'files of an older snapshot';
}
