import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { formatCode } from '../../../src/core/erasure/codes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { ORDERLY_DEPARTURES } from '../../../src/core/placement/priors.ts';
import { checkCounts } from './counts.ts';
import { EventHeap } from './event-heap.ts';
import type { Figures } from './figures.ts';
import { Members } from './members.ts';
import type { ModelOptions } from './options.ts';
import { DOOMED, HELD, LEAVING, Packs, STRIDE, UNSAID } from './packs.ts';
import { Pieces } from './pieces.ts';
import { Placing } from './placing.ts';
import {
  CHROMIUM,
  CLASS_SHARES,
  DATA_LOSS_PER_YEAR,
  FAMILY_SHARES,
  FOUNDERS_GUESTS,
  NEIGHBOURHOOD_MEMBERS,
  PATIENCE_HOURS,
  ROOM,
  TAB,
  ZONE_SHARES,
  pick,
} from './population.ts';
import { Presence, RHYTHM_SPREAD_HOURS, exponential } from './presence.ts';
import { GRACE_HOURS, RENEGED, SUSPICION_STEPS } from './repair-decision.ts';
import { Repairs } from './repairs.ts';
import { Sampler } from './sampler.ts';
import { SCENARIOS } from './scenarios.ts';

const TOGGLE = 0;
const SUSPECT = 1;
const LEAVE = 2;
const LOSE = 3;
const GONE = 4;
const REPAIRED = 5;
const LOOK = 6;
const SAMPLE = 7;
const BLOW = 8;
const WIPE = 9;
const STOP = 10;

const DAY_HOURS = 24;
const HOURS_PER_YEAR = 365 * DAY_HOURS;

/** Who leaves in order stays until its pieces are elsewhere, so long at most. */
const NOTICE_HOURS = 14 * DAY_HOURS;
/** No multiple of a day: all hours come up. */
const SAMPLE_HOURS = 73;
/** How long repair is watched when faults have stopped. */
const WATCHED_AFTER_HOURS = 10 * DAY_HOURS;
/** A pattern of presence begins somewhere in the days before. */
const WARM_UP_HOURS = 36;

const OUTAGE_SHARE = 0.3;
const OUTAGE_HOURS = 7 * DAY_HOURS;
const AWAY_SHARE = 0.1;
const AWAY_HOURS = 90 * DAY_HOURS;
const WIPE_HOURS = 1;
const WAVE_SHARE = 1 / 3;
const WAVE_HOURS = 7 * DAY_HOURS;

/** Silent members keep their slot for patience and grace, leaving ones for their notice. */
const SLOTS_PER_DEPARTURE_DAYS = 40;

/** One cooperative through its years: the same seed and options give the same figures. */
export class Simulation {
  readonly #options: ModelOptions;
  readonly #figures: Figures;
  readonly #members: Members;
  readonly #packs: Packs;
  readonly #placing: Placing;
  readonly #pieces: Pieces;
  readonly #repairs: Repairs;
  readonly #heap = new EventHeap();
  readonly #presence: Presence;
  readonly #random: SeededRandom;
  readonly #sampler: Sampler;
  readonly #placeCut: Uint8Array;
  #cutUntil = 0;
  #now = 0;
  #stopped = false;

  constructor(options: ModelOptions, seed: number, figures: Figures) {
    this.#options = options;
    this.#figures = figures;
    const random = new SeededRandom(`model/${seed}`);
    this.#random = random.fork('lives');
    this.#presence = new Presence(random.fork('presence'));
    const extra = 0.1 + SLOTS_PER_DEPARTURE_DAYS / options.lifetimeDays;
    const capacity = Math.ceil(options.devices * (1 + extra)) + 16;
    this.#members = new Members(capacity);
    this.#packs = new Packs(capacity * options.packs, this.#members);
    this.#placing = new Placing(this.#members, this.#packs, random.fork('placing'), options);
    this.#placeCut = new Uint8Array(Math.ceil(options.devices / NEIGHBOURHOOD_MEMBERS));
    this.#pieces = new Pieces(this.#members, this.#packs, options.packs, figures);
    this.#sampler = new Sampler(this.#members, this.#packs, this.#pieces, random.fork('samples'), figures);
    this.#repairs = new Repairs({
      options,
      members: this.#members,
      packs: this.#packs,
      pieces: this.#pieces,
      placing: this.#placing,
      figures,
      heap: this.#heap,
      repairedKind: REPAIRED,
      lookKind: LOOK,
    });
  }

  /** @param onDay called at the beginning of each simulated day */
  run(onDay?: (day: number) => void): void {
    const { devices, days, scenario } = this.#options;
    this.#presence.regular = scenario === 'calm';
    for (let i = 0; i < devices; i++) this.#arrive(i % FOUNDERS_GUESTS);
    for (let i = 0; i < devices; i++) this.#settleIn(this.#members.present[i]!);
    const end = days * DAY_HOURS;
    this.#heap.push(SAMPLE_HOURS, SAMPLE, 0, 0);
    if (SCENARIOS[scenario].blow !== undefined) this.#heap.push(end / 2, BLOW, 0, 0);
    this.#heap.push(end, STOP, 0, 0);
    const watched = this.#options.repair === 'none' ? 0 : WATCHED_AFTER_HOURS;
    while (this.#heap.pop() && this.#heap.time <= end + watched) {
      if (onDay !== undefined)
        for (let day = Math.ceil(this.#now / DAY_HOURS); day * DAY_HOURS < this.#heap.time; day++) onDay(day);
      this.#now = this.#heap.time;
      this.#figures.events++;
      this.#handle();
    }
    this.#finish();
  }

  /** For tests. @throws RoostError 'internal' when a count does not agree with the pieces */
  check(): void {
    checkCounts(this.#members, this.#packs, this.#pieces);
  }

  #handle(): void {
    const { kind, subject, serial } = this.#heap;
    const { turn, life } = this.#members;
    switch (kind) {
      case TOGGLE:
        if (serial === turn[subject]) this.#toggle(subject);
        return;
      case SUSPECT:
        if (serial === turn[subject]) this.#suspect(subject);
        return;
      case LEAVE:
        if (serial === life[subject] && !this.#stopped) this.#leave(subject);
        return;
      case LOSE:
        if (serial !== life[subject] || this.#stopped) return;
        this.#loseAll(subject);
        this.#scheduleLoss(subject);
        return;
      case WIPE:
        if (serial === life[subject]) this.#loseAll(subject);
        return;
      case GONE:
        if (serial === life[subject] && !this.#stopped) this.#depart(subject);
        return;
      case REPAIRED:
        this.#repairs.repaired(subject, serial, this.#now);
        return;
      case LOOK:
        if (serial === life[subject]) this.#repairs.look(subject, this.#now);
        return;
      case SAMPLE:
        if (this.#stopped) return;
        this.#sampler.sample(this.#now);
        this.#heap.push(this.#now + SAMPLE_HOURS, SAMPLE, 0, 0);
        return;
      case BLOW:
        this.#blow();
        return;
      default:
        this.#stop();
    }
  }

  // Members

  #arrive(subtree: number | undefined): number {
    const random = this.#random;
    const {
      present,
      presentCount,
      storageClass,
      family,
      place,
      inviter,
      zone,
      rhythm,
      room,
      life,
      offSince,
    } = this.#members;
    const host = presentCount === 0 ? -1 : present[random.below(presentCount)]!;
    const device = this.#members.join();
    const kind = pick(CLASS_SHARES, random.fraction());
    storageClass[device] = kind;
    family[device] = pick(FAMILY_SHARES[kind]!, random.fraction());
    place[device] = random.below(this.#placeCut.length);
    inviter[device] = subtree ?? inviter[host]!;
    zone[device] = pick(ZONE_SHARES, random.fraction());
    rhythm[device] = RHYTHM_SPREAD_HOURS * (2 * random.fraction() - 1);
    this.#members.delegate[device] = random.fraction() < this.#options.delegates ? 1 : 0;
    room[device] = Math.ceil(ROOM[kind]! * this.#options.packs * STRIDE);
    offSince[device] = this.#now;
    this.#figures.newcomers++;
    this.#presence.draw(kind, zone[device], rhythm[device], this.#now - WARM_UP_HOURS * random.fraction());
    this.#comeBack(device, this.#presence.from, this.#presence.until);
    if (Number.isFinite(this.#options.lifetimeDays)) {
      const stays = exponential(random, this.#options.lifetimeDays * DAY_HOURS);
      this.#heap.push(this.#now + stays, LEAVE, device, life[device]!);
    }
    this.#scheduleLoss(device);
    return device;
  }

  /** Finds partners and makes the first backup. */
  #settleIn(owner: number): void {
    this.#placing.meet(owner);
    const first = owner * this.#options.packs;
    if (!this.#placing.place(owner, first, first + this.#options.packs, this.#now)) {
      throw new RoostError(
        'too-few',
        `a member needs partners for its code, got too few of ${this.#options.devices} devices`,
      );
    }
    const code = formatCode(this.#placing.codes.at(this.#packs.code[first]!));
    this.#figures.codes.set(code, (this.#figures.codes.get(code) ?? 0) + this.#options.packs);
  }

  #scheduleLoss(device: number): void {
    const yearly = this.#options.dataLossPerYear ?? DATA_LOSS_PER_YEAR[this.#members.storageClass[device]!]!;
    if (yearly <= 0) return;
    const after = exponential(this.#random, HOURS_PER_YEAR / -Math.log1p(-yearly));
    this.#heap.push(this.#now + after, LOSE, device, this.#members.life[device]!);
  }

  #leave(device: number): void {
    const { leaving, firstSlot } = this.#members;
    if (leaving[device] === 1) return;
    this.#figures.departures++;
    this.#retire(device);
    this.#members.withdraw(device);
    if (this.#random.fraction() < ORDERLY_DEPARTURES && this.#options.repair !== 'none') {
      leaving[device] = 1;
      for (let slot = firstSlot[device]!; slot >= 0; slot = this.#packs.next(slot)) {
        if (this.#packs.state[slot] === HELD) this.#packs.state[slot] = LEAVING;
      }
      this.#heap.push(this.#now + NOTICE_HOURS, GONE, device, this.#members.life[device]!);
      this.#tellOwners(device);
    } else {
      this.#vanish(device);
    }
    this.#settleIn(this.#arrive(undefined));
  }

  /** The owner's packs need nobody's care any more. */
  #retire(owner: number): void {
    const { packs } = this.#options;
    for (let pack = owner * packs; pack < (owner + 1) * packs; pack++) this.#pieces.close(pack, this.#now);
    this.#placing.forget(owner);
    this.#repairs.retired(owner);
  }

  /** Gone without a word: the pieces exist no more, and nobody knows. */
  #vanish(device: number): void {
    const { alive, online, offSince, nextOn, turn, life, firstSlot, suspicion } = this.#members;
    for (let slot = firstSlot[device]!; slot >= 0;) {
      const next = this.#packs.next(slot);
      if (this.#packs.state[slot] === DOOMED) this.#missing(slot);
      slot = next;
    }
    if (online[device] === 1) {
      online[device] = 0;
      offSince[device] = this.#now;
    }
    alive[device] = 0;
    nextOn[device] = Infinity;
    turn[device]!++;
    life[device]!++;
    for (let slot = firstSlot[device]!; slot >= 0;) {
      const next = this.#packs.next(slot);
      if (this.#packs.state[slot] !== UNSAID) this.#pieces.destroyed(slot, this.#now);
      slot = next;
    }
    // Nobody waits any more for who had been given up already.
    if (suspicion[device]! >= RENEGED) this.#members.release(device);
    else this.#watchSilence(device);
  }

  /** The end of an orderly departure: who has not moved its pieces knows that they are gone. */
  #depart(device: number): void {
    const { alive, online, firstSlot } = this.#members;
    while (firstSlot[device]! >= 0) this.#missing(firstSlot[device]!);
    alive[device] = 0;
    online[device] = 0;
    this.#members.release(device);
  }

  // Presence

  #comeBack(device: number, from: number, until: number): void {
    const { nextOn, nextOff, place, turn } = this.#members;
    const cut = this.#placeCut[place[device]!] === 1 ? this.#cutUntil : 0;
    const on = Math.max(from, this.#now, cut);
    nextOn[device] = on;
    nextOff[device] = Math.max(until, on + 0.1);
    this.#heap.push(on, TOGGLE, device, ++turn[device]!);
    this.#watchSilence(device);
  }

  #toggle(device: number): void {
    if (this.#members.online[device] === 1) {
      this.#goOffline(device);
    } else {
      this.#comeOnline(device);
    }
  }

  #goOffline(device: number): void {
    const { online, offSince, storageClass, zone, rhythm } = this.#members;
    this.#repairs.wentOffline(device, this.#now);
    online[device] = 0;
    offSince[device] = this.#now;
    this.#presence.draw(storageClass[device]!, zone[device]!, rhythm[device]!, this.#now);
    this.#comeBack(device, this.#presence.from, this.#presence.until);
  }

  #comeOnline(device: number): void {
    const { online, suspicion, nextOff, turn, unsaid } = this.#members;
    online[device] = 1;
    suspicion[device] = 0;
    this.#heap.push(nextOff[device]!, TOGGLE, device, ++turn[device]!);
    if (unsaid[device]! > 0) this.#tellLosses(device);
    this.#hearLosses(device);
    this.#repairs.cameOnline(device, this.#now);
  }

  /** The next moment at which silence tells more about the device, if it is still silent then. */
  #watchSilence(device: number): void {
    const { suspicion, offSince, nextOn, storageClass, turn } = this.#members;
    const step = suspicion[device]!;
    if (step >= RENEGED) return;
    const patience = PATIENCE_HOURS[storageClass[device]!]!;
    const at = Math.max(this.#now, offSince[device]! + patience + (step * GRACE_HOURS) / SUSPICION_STEPS);
    if (at < nextOn[device]!) this.#heap.push(at, SUSPECT, device, turn[device]!);
  }

  #suspect(device: number): void {
    const { suspicion } = this.#members;
    if (suspicion[device] === 0) this.#figures.suspicions++;
    suspicion[device]!++;
    if (suspicion[device]! >= RENEGED) this.#renege(device);
    else {
      this.#tellOwners(device);
      this.#watchSilence(device);
    }
  }

  /** The time of grace is over. */
  #renege(device: number): void {
    const { alive, firstSlot, suspicion } = this.#members;
    suspicion[device] = RENEGED;
    this.#tellOwners(device);
    for (let slot = firstSlot[device]!; slot >= 0;) {
      const next = this.#packs.next(slot);
      const state = this.#packs.state[slot];
      if (alive[device] === 0 || state === UNSAID) this.#missing(slot);
      else if (state === HELD) this.#pieces.doom(slot, this.#now);
      slot = next;
    }
    if (alive[device] === 0) this.#members.release(device);
  }

  // Losses and those who hear of them

  #missing(slot: number): void {
    this.#pieces.missing(slot, this.#now);
    this.#repairs.changed(this.#pieces.ownerOf(slot), this.#now);
  }

  /** A holder that is online tells owners that are online what it has lost. */
  #tellLosses(device: number): void {
    const { firstSlot } = this.#members;
    for (let slot = firstSlot[device]!; slot >= 0;) {
      const next = this.#packs.next(slot);
      if (this.#packs.state[slot] === UNSAID && this.#members.attended(this.#pieces.ownerOf(slot)))
        this.#missing(slot);
      slot = next;
    }
  }

  /** An owner that comes online hears what holders that are online have lost. */
  #hearLosses(owner: number): void {
    const { state, holder, n, exist } = this.#packs;
    const { online } = this.#members;
    const { packs } = this.#options;
    for (let pack = owner * packs; pack < (owner + 1) * packs; pack++) {
      if (exist[pack] === n[pack]) continue;
      for (let slot = pack * STRIDE; slot < pack * STRIDE + n[pack]!; slot++) {
        if (state[slot] === UNSAID && online[holder[slot]!] === 1) this.#missing(slot);
      }
    }
  }

  /** The owners of what a device holds look at their packs as soon as they are online. */
  #tellOwners(device: number): void {
    const { firstSlot } = this.#members;
    for (let slot = firstSlot[device]!; slot >= 0; slot = this.#packs.next(slot)) {
      this.#repairs.changed(this.#pieces.ownerOf(slot), this.#now);
    }
  }

  // Blows

  /** The device loses all that it holds, and lives on. */
  #loseAll(device: number): void {
    const { firstSlot, unsaid, online } = this.#members;
    this.#figures.dataLosses++;
    const { packs } = this.#options;
    for (let pack = device * packs; pack < (device + 1) * packs; pack++) this.#packs.forgetGathered(pack);
    for (let slot = firstSlot[device]!; slot >= 0;) {
      const next = this.#packs.next(slot);
      const state = this.#packs.state[slot];
      if (state === HELD) {
        this.#pieces.destroyed(slot, this.#now);
        this.#packs.state[slot] = UNSAID;
        unsaid[device]!++;
      } else if (state !== UNSAID) this.#missing(slot);
      slot = next;
    }
    if (online[device] === 1) this.#tellLosses(device);
  }

  #blow(): void {
    const random = this.#random;
    const { present, presentCount, family, storageClass, life } = this.#members;
    const { blow } = SCENARIOS[this.#options.scenario];
    if (blow === 'region-outage') {
      for (let place = 0; place < this.#placeCut.length; place++) {
        if (random.fraction() < OUTAGE_SHARE) this.#placeCut[place] = 1;
      }
      this.#cutUntil = this.#now + OUTAGE_HOURS;
      this.#cutOff();
      return;
    }
    for (let i = 0; i < presentCount; i++) {
      const device = present[i]!;
      if (blow === 'owners-away') {
        if (random.fraction() < AWAY_SHARE) this.#sendAway(device);
        continue;
      }
      const wiped = blow === 'family-wipe' && family[device] === CHROMIUM;
      const evicted =
        blow === 'eviction-wave' && storageClass[device] === TAB && random.fraction() < WAVE_SHARE;
      const hours = wiped ? WIPE_HOURS : WAVE_HOURS;
      if (wiped || evicted)
        this.#heap.push(this.#now + hours * random.fraction(), WIPE, device, life[device]!);
    }
  }

  #sendAway(device: number): void {
    const { online, nextOn, nextOff } = this.#members;
    if (online[device] === 1) this.#goOffline(device);
    this.#comeBack(device, nextOn[device]! + AWAY_HOURS, nextOff[device]! + AWAY_HOURS);
  }

  #cutOff(): void {
    const { alive, online, place, nextOn, nextOff } = this.#members;
    for (let device = 0; device < this.#members.capacity; device++) {
      if (alive[device] === 0 || this.#placeCut[place[device]!] === 0) continue;
      if (online[device] === 1) this.#goOffline(device);
      else if (nextOn[device]! < this.#cutUntil) this.#comeBack(device, nextOn[device]!, nextOff[device]!);
    }
  }

  /**
   * Faults stop: nobody leaves or stays away any more, and of those who went without a word it is known, as if their time of grace were
   * over. What is left is how fast repair is.
   */
  #stop(): void {
    const { alive, online, nextOn, firstSlot, storageClass, zone, rhythm } = this.#members;
    this.#stopped = true;
    this.#repairs.stoppedAt = this.#now;
    this.#presence.regular = true;
    this.#cutUntil = 0;
    for (let device = 0; device < this.#members.capacity; device++) {
      if (alive[device] === 0) {
        if (firstSlot[device]! >= 0) this.#renege(device);
      } else if (online[device] === 0 && nextOn[device]! > this.#now + DAY_HOURS) {
        this.#presence.draw(storageClass[device]!, zone[device]!, rhythm[device]!, this.#now);
        this.#comeBack(device, this.#presence.from, this.#presence.until);
      }
    }
    const { n, exist, bad, settling } = this.#packs;
    for (let pack = 0; pack < this.#packs.count; pack++) {
      if (n[pack] === 0 || (exist[pack] === n[pack] && bad[pack] === 0)) continue;
      settling[pack] = 1;
      this.#figures.settling++;
    }
  }

  #finish(): void {
    const { n, settling } = this.#packs;
    for (let pack = 0; pack < this.#packs.count; pack++) {
      if (n[pack] !== 0 && settling[pack] === 1) this.#figures.neverSettled++;
      this.#pieces.close(pack, this.#now);
    }
  }
}
