import type { DeviceOptions, MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import type { AgentApi } from '../../../src/agent/api.ts';
import type { CooperativeId, DeviceId } from '../../../src/core/ids.ts';
import { GIB } from '../../../src/core/limits.ts';
import { appendEntry } from '../../../src/core/roster/build.ts';
import { replayRoster } from '../../../src/core/roster/roster.ts';
import { loadIdentity } from '../../../src/agent/identity.ts';
import { DAY_MS } from '../faults.ts';
import { StandingLaws } from '../laws/standing-laws.ts';
import { WireLaws } from '../laws/wire-laws.ts';
import { createSimSuite } from '../sim-suite.ts';
import type { StoryResult, StoryTable } from '../story.ts';
import { Trace } from '../trace.ts';
import { batchedTurns } from '../turns.ts';
import { Person } from './person.ts';

const OFFER_BYTES = 10 * GIB;
/** Listings go to the directory a moment after a device starts. */
const SETTLE_MS = 10_000;
/** Looked at so often while time passes: what the machine's log of states would miss in between. */
const STEP_MS = DAY_MS;

export interface JoinOptions extends DeviceOptions {
  readonly honest?: boolean;
  /** whose invite it comes by; the founder's when left out */
  readonly by?: Person;
  /** told before its agent first opens the network */
  readonly offer?: number;
}

/** A small cooperative in one world, with its laws watched from the first message on. */
export class Team {
  readonly world: MemoryWorld;
  readonly people: Person[] = [];
  readonly failures: string[] = [];
  readonly wire: WireLaws;
  readonly standings: StandingLaws;
  readonly #trace: Trace;
  #fresh = 0;
  #cooperative: CooperativeId | undefined;
  readonly #invites = new Map<Person, string>();

  private constructor(seed: string) {
    this.world = createMemoryWorld({
      seed,
      mode: 'auto',
      nextTurn: batchedTurns(),
      suite: createSimSuite,
      atOnce: true,
    });
    const { clock, network } = this.world;
    this.#trace = new Trace(() => clock.monotonic());
    this.wire = new WireLaws({
      cooperative: () => this.cooperative,
      who: (device) => this.whose(device),
      fail: (reason) => this.fail(reason),
    });
    this.standings = new StandingLaws({
      nameOf: (device) => this.whose(device)?.name ?? device,
      isHonest: (device) => this.whose(device)?.honest === true,
      isBlameless: (device) => this.whose(device)?.honest === true && this.whose(device)?.excused === false,
      now: () => clock.monotonic(),
      fail: (reason) => this.fail(reason),
    });
    network.onDeliver = (message, from, to): void => {
      this.#trace.frame(message, from, to);
      this.wire.delivered(message, from, to);
    };
  }

  /** A cooperative of one, whose founder is on. */
  static async found(seed: string): Promise<Team> {
    const team = new Team(seed);
    const device = team.#device('founder', {});
    const agent = await createAgent(device.platform);
    const { words } = await agent.createAccount();
    await agent.setOffer(OFFER_BYTES);
    const { invite } = await agent.found('Team', 'founder');
    team.#cooperative = agent.state.cooperative?.id;
    const founder = await team.#enter('founder', device, agent, words, true);
    team.#invites.set(founder, invite);
    return team;
  }

  get founder(): Person {
    return this.people[0]!;
  }

  get cooperative(): CooperativeId {
    if (this.#cooperative === undefined) throw new Error('no cooperative has been founded');
    return this.#cooperative;
  }

  get now(): number {
    return this.world.clock.monotonic();
  }

  whose(device: DeviceId): Person | undefined {
    return this.people.find((person) => person.device.device === device);
  }

  fail(reason: string): void {
    const days = (this.now / DAY_MS).toFixed(2);
    if (!this.failures.some((known) => known.startsWith(reason)))
      this.failures.push(`${reason} (day ${days})`);
  }

  /** Notes that a law does not hold. */
  must(holds: boolean, reason: string): void {
    if (!holds) this.fail(reason);
  }

  async join(name: string, options: JoinOptions = {}): Promise<Person> {
    const { honest = true, by = this.founder, offer = OFFER_BYTES, ...about } = options;
    const device = this.#device(name, about);
    const agent = await createAgent(device.platform);
    const { words } = await agent.createAccount();
    await agent.setOffer(offer);
    await agent.join(await this.#inviteOf(by), name);
    return this.#enter(name, device, agent, words, honest);
  }

  /** Several honest members with appliances. */
  async joinAll(count: number, prefix = 'member'): Promise<readonly Person[]> {
    const joined: Person[] = [];
    for (let i = 0; i < count; i++) joined.push(await this.join(`${prefix}-${i}`));
    await this.pass(SETTLE_MS);
    return joined;
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    while (this.now < until) await this.world.clock.sleep(Math.min(STEP_MS, until - this.now));
  }

  async save(person: Person, code: string): Promise<void> {
    await person.on.backup([person.source], { code });
    person.saved = person.files();
  }

  /** The power fails. */
  crash(person: Person): void {
    person.agent = undefined;
    person.device.crash();
  }

  /** Ends the program in order. */
  async stop(person: Person): Promise<void> {
    await person.on.stop();
    person.agent = undefined;
    person.device.shutDown();
  }

  /** Starts a device's program again on its disk. */
  async start(person: Person): Promise<void> {
    const agent = await createAgent(person.device.restart());
    await agent.start();
    this.#watch(person, agent);
  }

  /** A device that nobody has used yet. */
  freshDevice(): MemoryDevice {
    return this.#device(`fresh-${this.#fresh++}`, {});
  }

  /** Has the founder put an entry on the roster. */
  async govern(change: Parameters<typeof appendEntry>[2]): Promise<void> {
    const { platform } = this.founder.device;
    const keys = await platform.vault.loadAccount();
    if (keys === undefined) throw new Error('the founder has no account');
    const { accountSigner } = await loadIdentity(platform, keys);
    const roster = await replayRoster(platform.crypto, this.world.broker.rosterOf(this.cooperative));
    const entry = await appendEntry(roster, accountSigner, change);
    this.world.broker.appendRoster(this.cooperative, roster.length, entry);
    await this.pass(SETTLE_MS);
  }

  /** Ends the world. */
  close(title: string, rows: StoryTable['rows'], plots?: ReadonlyMap<string, string>): StoryResult {
    this.world.close();
    return {
      traceHash: this.#trace.digest(),
      table: { title, rows },
      failures: this.failures,
      ...(plots === undefined ? {} : { plots }),
    };
  }

  #device(name: string, options: DeviceOptions): MemoryDevice {
    return this.world.device(name, { writeLog: silentLog, ...options });
  }

  async #enter(
    name: string,
    device: MemoryDevice,
    agent: AgentApi,
    words: string,
    honest: boolean,
  ): Promise<Person> {
    await agent.start();
    const { account } = agent.state;
    if (account === undefined) throw new Error(`${name} has no account`);
    const random = this.world.random.fork(`person/${name}`);
    const person = new Person({ name, device, words, account, honest, random });
    this.people.push(person);
    this.#watch(person, agent);
    return person;
  }

  #watch(person: Person, agent: AgentApi): void {
    person.agent = agent;
    if (person.honest) this.standings.watch(person.name, agent);
  }

  async #inviteOf(by: Person): Promise<string> {
    const known = this.#invites.get(by);
    if (known !== undefined) return known;
    const { invite } = await by.on.invite();
    this.#invites.set(by, invite);
    return invite;
  }
}
