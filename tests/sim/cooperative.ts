import type { MemoryWorld } from '../../src/adapters/memory/world.ts';
import { standingTerms } from '../../src/agent/partners/patience.ts';
import { RoostError } from '../../src/core/errors.ts';
import { TEAM_POLICY } from '../../src/core/roster/build.ts';
import { Churn } from './churn.ts';
import { DAY_MS, FOUNDER } from './faults.ts';
import { Member } from './member.ts';
import type { Surroundings } from './member.ts';
import type { Metrics } from './metrics.ts';
import type { Profile } from './population.ts';
import type { Trace } from './trace.ts';

/** Uses of one invite: as many as the app's own links have. */
const INVITE_USES = 20;
/** The app's links are good for 30 days. */
const INVITE_LASTS_MS = 20 * DAY_MS;
/** The place of somebody who left is taken by a newcomer after one day to three. */
const NEWCOMER_AFTER_MS = DAY_MS;
const NEWCOMER_SPREAD_MS = 2 * DAY_MS;

/** Days on which nobody turns a device on are not held against its partners: grace lasts so much longer by the calendar. */
const UNWATCHED = 1.25;

export interface CooperativeParts {
  readonly world: MemoryWorld;
  readonly trace: Trace;
  readonly metrics: Metrics;
  readonly profiles: readonly Profile[];
  readonly onFailure: (reason: string) => void;
}

/** One cooperative: who is in it now and who was. */
export class Cooperative {
  /** by slot: who has the place now */
  readonly members: Member[] = [];
  readonly departed: Member[] = [];
  /** devices that are gone for good without a word: since when, and how long others wait for each */
  readonly #vanished = new Map<string, { readonly at: number; readonly waitMs: number }>();
  /** while the broker is away silence counts for nothing */
  readonly brokerAway: { readonly from: number; readonly to: number }[] = [];
  readonly churn: Churn;
  /** told after a backup, and after old snapshots were forgotten */
  onSaved: (owner: Member) => void = () => undefined;
  /** told before a device loses all that it has */
  onLosing: (owner: Member) => void = () => undefined;
  readonly #parts: CooperativeParts;
  readonly #around: Surroundings;
  readonly #generations = new Map<number, number>();
  readonly #byDevice = new Map<string, Member>();
  #invite = { link: '', uses: 0, until: -Infinity };

  constructor(parts: CooperativeParts) {
    this.#parts = parts;
    const { world, trace, metrics, onFailure } = parts;
    this.#around = {
      world,
      trace,
      metrics,
      onFailure,
      onSaved: (member) => this.onSaved(member),
      onVanishing: (member) => {
        this.onLosing(member);
        const { device } = member.device;
        if (device === undefined) return;
        const { storageClass } = member.profile;
        const { patienceMs, graceMs } = standingTerms(storageClass, TEAM_POLICY.graceDays);
        const waitMs = UNWATCHED * (patienceMs + graceMs);
        this.#vanished.set(device, { at: world.clock.monotonic(), waitMs });
      },
      onReneged: (device, by) => {
        const honest = this.members.find((member) => member.device.device === device);
        if (honest !== undefined && !this.#vanished.has(device))
          onFailure(`${by} holds that ${honest.name} broke its word, which is there and honest`);
      },
      invite: () => this.#nextInvite(),
    };
    this.churn = new Churn(world, (slot) => this.members[slot]);
  }

  get world(): MemoryWorld {
    return this.#parts.world;
  }

  get metrics(): Metrics {
    return this.#parts.metrics;
  }

  get profiles(): readonly Profile[] {
    return this.#parts.profiles;
  }

  /** When all will hold that a device that vanished has reneged; -Infinity for any other. */
  waitedForUntil(device: string): number {
    const gone = this.#vanished.get(device);
    if (gone === undefined) return -Infinity;
    const away = this.brokerAway.map(({ from, to }) => Math.max(0, to - Math.max(from, gone.at)));
    return away.reduce((until, ms) => until + ms, gone.at + gone.waitMs);
  }

  /** When a device went for good without a word; -Infinity for any other. */
  vanishedAt(device: string): number {
    return this.#vanished.get(device)?.at ?? -Infinity;
  }

  /** Whether a device is in a backup or restore of its own. */
  isSaving(device: string): boolean {
    let member = this.#byDevice.get(device);
    if (member === undefined) {
      member = this.members.find((one) => one.device.device === device);
      if (member === undefined) return false;
      this.#byDevice.set(device, member);
    }
    return member.saving;
  }

  /** Founds the cooperative and lets everybody join, before time begins to count. */
  async begin(): Promise<void> {
    for (const profile of this.profiles) {
      const member = this.#newMember(profile);
      if (profile.slot === FOUNDER) await member.found('Simulated');
      else await member.enrol();
    }
    for (const profile of this.profiles) this.churn.begin(profile);
  }

  /** Somebody leaves for good, and a newcomer takes the place. */
  replace(slot: number): void {
    const { world } = this.#parts;
    const member = this.members[slot]!;
    member.leave();
    this.departed.push(member);
    const wait =
      NEWCOMER_AFTER_MS + NEWCOMER_SPREAD_MS * world.random.fork(`newcomer/${member.name}`).fraction();
    world.clock.after(Math.round(wait), () => {
      const newcomer = this.#newMember(member.profile);
      if (this.churn.isOn(slot)) newcomer.goOn();
    });
  }

  #newMember(profile: Profile): Member {
    const { slot } = profile;
    const generation = this.#generations.get(slot) ?? 0;
    this.#generations.set(slot, generation + 1);
    const member = new Member(this.#around, profile, generation);
    this.members[slot] = member;
    return member;
  }

  /** A link that still lets somebody in. @throws RoostError 'unreachable' while the founder is off: who asks tries again */
  async #nextInvite(): Promise<string> {
    const now = this.world.clock.monotonic();
    if (this.#invite.uses >= INVITE_USES || now > this.#invite.until) {
      const agent = this.members[FOUNDER]?.agent;
      if (agent === undefined)
        throw new RoostError('unreachable', 'the founder is off and cannot invite anybody now');
      const { invite } = await agent.invite({ uses: INVITE_USES });
      this.#invite = { link: invite, uses: 0, until: now + INVITE_LASTS_MS };
    }
    this.#invite.uses++;
    return this.#invite.link;
  }
}
