import type { DeviceId } from '../../core/ids.ts';
import { faultOf, messageOf } from '../../core/errors.ts';
import type { ClockReading } from '../../core/partnership/observed-time.ts';
import { clockJumpMs, observedMs } from '../../core/partnership/observed-time.ts';
import { isUnblemished } from '../../core/partnership/state.ts';
import type { AgentContext } from '../context.ts';
import type { OpenCooperation } from '../network/cooperation.ts';
import type { Remote } from '../session/types.ts';
import type { Auditing } from './auditing.ts';
import type { Endings } from './endings.ts';
import { Presence } from './presence.ts';
import type { Tell } from './tell.ts';
import type { Terms } from './terms.ts';

/** Partners are looked over this often. */
const TEND_INTERVAL_MS = 60 * 60_000;
/** Timers of a tab in the background are late by a minute; by more than this only after a sleep. */
const LATE_MS = 10 * 60_000;
/** After a start or a sleep, sessions get this long to open before anybody's silence is counted. */
const FIRST_LOOK_MS = 5 * 60_000;
/** A clock that moved by more than this against its own pace was set, or the device slept. */
const JUMP_MS = 3_600_000;
const HOUR_MS = 3_600_000;
/** Somebody else's word that a partner was seen is taken for so long after the last time we met ourselves. */
const HINTS_MAX_MS = 30 * 24 * HOUR_MS;
/** Records that only count time are written this often, and at once after a look that counted so much: a tab is closed without a word. */
const SAVE_LOOKS = 6;
const SAVE_PASSED_MS = 4 * HOUR_MS;
/** What was learned of the hours of partners: habits of weeks lose nothing by a day that was not written down. */
const LEARN_LOOKS = 24;

const TENDED_KEY = 'tended-at';

export interface TenderParts {
  readonly context: AgentContext;
  readonly cooperation: OpenCooperation;
  readonly auditing: Auditing;
  readonly endings: Endings;
  readonly terms: Terms;
  readonly tell: Tell;
  /** something may have to be repaired; called after each look */
  readonly onLooked: () => Promise<void>;
}

/**
 * Looks after partners while the device is on: counts the time that they are silent, has them audited when it is due, and sees that
 * what has ended is ended on both sides.
 */
export class Tender {
  readonly #parts: TenderParts;
  readonly #presence: Presence;
  readonly #ends: (() => void)[] = [];
  #cancel: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #last: ClockReading | undefined;
  #looks = 0;
  #stopped = false;

  constructor(parts: TenderParts) {
    this.#parts = parts;
    this.#presence = new Presence(parts.cooperation);
  }

  async start(): Promise<void> {
    const { context, cooperation } = this.#parts;
    const kept = await context.repository.state(TENDED_KEY);
    // A device that never looked before holds nothing against anybody for the time before.
    this.#last = typeof kept === 'number' ? { wall: kept, monotonic: undefined } : this.#read();
    this.#ends.push(
      cooperation.onGreeted((remote) => void this.#greeted(remote)),
      cooperation.onNotice((notice) => void this.#parts.endings.noticed(notice)),
    );
    this.#plan(FIRST_LOOK_MS);
    for (const remote of cooperation.connected()) void this.#greeted(remote);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    for (const end of this.#ends.splice(0)) end();
    this.#parts.auditing.stop();
    await this.#looking;
    await this.#parts.auditing.settled();
    await this.#parts.endings.settled();
    this.#presence.save();
    if (this.#last) await this.#keepTime(this.#last.wall);
  }

  /** Looks now; also while a look is under way. */
  async look(): Promise<void> {
    await this.#looking;
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    await this.#looking;
  }

  #plan(ms: number): void {
    if (this.#stopped) return;
    this.#cancel?.();
    const { clock } = this.#parts.context.platform;
    const due = clock.now() + ms;
    this.#cancel = clock.after(ms, () => {
      // The device slept and nobody is connected yet: the time that passed is looked at when they have had their chance.
      if (clock.now() - due > LATE_MS && !this.#parts.cooperation.inReach) {
        this.#plan(FIRST_LOOK_MS);
        return;
      }
      this.#plan(TEND_INTERVAL_MS);
      void this.look();
    });
  }

  async #look(): Promise<void> {
    const { context, auditing, endings, terms, onLooked } = this.#parts;
    try {
      await this.#passTime();
      if (this.#stopped) return;
      await endings.carryOn();
      await terms.look();
      await auditing.auditDue();
      if (!this.#isStopped()) await onLooked();
    } catch (error) {
      if (faultOf(error) === 'aborted' || this.#stopped) return;
      context.platform.log.warn('partners.look-failed', { fault: faultOf(error), message: messageOf(error) });
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  /** Counts the time since the last look, for partners and against them. */
  async #passTime(): Promise<void> {
    const { cooperation, auditing, tell } = this.#parts;
    const before = this.#last ?? this.#read();
    const now = this.#read();
    this.#last = now;
    const jumped = clockJumpMs(before, now);
    if (Math.abs(jumped) >= JUMP_MS) tell('clock-jumped', { hours: Math.round(jumped / HOUR_MS) });
    const passed = observedMs(before, now);
    const counts = cooperation.inReach;
    const connected = new Set<DeviceId>(cooperation.connected().map(({ peer }) => peer.device));
    const { agreements } = cooperation;
    // Nobody calls those with whom all is over: that they are not met is held against nobody.
    const partners = new Set(
      [...agreements.ruling(), ...agreements.adopted()]
        .filter(({ endedAt }) => endedAt === 0)
        .map(({ theirs }) => theirs.device),
    );
    for (const device of partners) {
      const reached = connected.has(device);
      this.#presence.note(device, { now: now.wall, passed: Math.min(passed, TEND_INTERVAL_MS), reached });
      if (reached && isUnblemished(cooperation.records.get(device).standing)) continue;
      if (reached) {
        // A session that lasts for days is greeted once: who owes nothing must not stay a suspect for as long.
        cooperation.judge(device, { kind: 'contact', owes: auditing.owes(device) });
        cooperation.judge(device, { kind: 'time', observedMs: passed, reached });
      } else if (counts) {
        cooperation.judge(device, { kind: 'time', observedMs: passed, reached });
        this.#hint(device, now.wall);
      }
    }
    if (++this.#looks % LEARN_LOOKS === 0) this.#presence.save();
    if (this.#looks % SAVE_LOOKS !== 0 && passed < SAVE_PASSED_MS) return;
    // The time comes last: what was counted until then must be as durable as that it was.
    await cooperation.records.settled();
    await this.#keepTime(now.wall);
  }

  /** What was looked at last before a restart; an older time only counts less. */
  async #keepTime(wall: number): Promise<void> {
    const { repository } = this.#parts.context;
    await repository.apply([repository.operations.state(TENDED_KEY, wall)]);
  }

  /** The broker saw it at a time when we were not on: then its silence says nothing. */
  #hint(device: DeviceId, now: number): void {
    const { cooperation } = this.#parts;
    const listed = cooperation.listed(device);
    const { lastSeenAt } = cooperation.records.get(device);
    if (listed === undefined || listed.online || listed.seenAt <= lastSeenAt) return;
    if (lastSeenAt === 0 || now - lastSeenAt > HINTS_MAX_MS) return;
    cooperation.judge(device, { kind: 'hint', silentMs: Math.max(0, now - listed.seenAt) });
  }

  async #greeted(remote: Remote): Promise<void> {
    const { cooperation, auditing, endings, terms } = this.#parts;
    const { device } = remote.peer;
    await endings.greeted(remote);
    await terms.greeted(remote);
    cooperation.judge(device, { kind: 'contact', owes: auditing.owes(device) });
    auditing.greeted(device);
  }

  #read(): ClockReading {
    const { clock } = this.#parts.context.platform;
    return { wall: clock.now(), monotonic: clock.monotonic() };
  }
}
