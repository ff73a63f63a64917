import { RoostError } from '../../../src/core/errors.ts';
import type { EventHeap } from './event-heap.ts';
import type { Figures } from './figures.ts';
import type { Members } from './members.ts';
import type { ModelOptions } from './options.ts';
import { HELD, LEAVING, STRIDE, UNSAID } from './packs.ts';
import type { Packs } from './packs.ts';
import type { Pieces } from './pieces.ts';
import type { Placing } from './placing.ts';
import { plannedOdds } from './population.ts';
import { RepairDecision } from './repair-decision.ts';

/** The agent's pace of repair. */
const REPAIR_BYTES_PER_HOUR = 3600 * (1 << 20);
/** An owner that could not repair for want of partners online looks again. */
const LOOK_AGAIN_HOURS = 1;
/** After faults stop all packs should be whole within so long. */
const SETTLED_HOURS = 48;
/** An owner looks soon after a change, once for all that changed together. */
const LOOK_SOON_HOURS = 0.1;

/** What a job replaces: pieces that are gone or move away; these and those of suspects; only those that move away. */
type Job = typeof REMAKE | typeof REMAKE_SUSPECTS | typeof COPY;
const REMAKE = 1;
const REMAKE_SUSPECTS = 2;
const COPY = 3;

export interface RepairParts {
  readonly options: ModelOptions;
  readonly members: Members;
  readonly packs: Packs;
  readonly pieces: Pieces;
  readonly placing: Placing;
  readonly figures: Figures;
  readonly heap: EventHeap;
  /** kinds of the events that call `repaired` and `look` */
  readonly repairedKind: number;
  readonly lookKind: number;
}

/** What owners do for their packs: one job at a time each, while they or their delegates are online, the worst pack first. */
export class Repairs {
  readonly #parts: RepairParts;
  readonly #decision: RepairDecision;
  readonly #dirty: Uint8Array;
  readonly #jobPack: Int32Array;
  readonly #jobKind: Uint8Array;
  readonly #jobEnd: Float64Array;
  /** hours that an interrupted job still takes; 0 while it runs */
  readonly #jobLeft: Float64Array;
  readonly #jobSerial: Int32Array;
  readonly #lookAt: Float64Array;
  /** When faults stopped; Infinity before. */
  stoppedAt = Infinity;

  // Of the pack scanned last.
  #healthy = 0;
  #suspects = 0;
  #urgent = 0;
  #leaving = 0;
  #copyable = 0;
  #sources = 0;

  constructor(parts: RepairParts) {
    const { capacity } = parts.members;
    this.#parts = parts;
    const { options } = parts;
    this.#decision = new RepairDecision(plannedOdds(options.plannedLifetimeDays), options.windowDays);
    this.#dirty = new Uint8Array(capacity);
    this.#jobPack = new Int32Array(capacity).fill(-1);
    this.#jobKind = new Uint8Array(capacity);
    this.#jobEnd = new Float64Array(capacity);
    this.#jobLeft = new Float64Array(capacity);
    this.#jobSerial = new Int32Array(capacity);
    this.#lookAt = new Float64Array(capacity);
  }

  /** Something about the owner's pieces has changed. */
  changed(owner: number, now: number): void {
    this.#dirty[owner] = 1;
    if (this.#parts.members.attended(owner)) this.#lookIn(owner, LOOK_SOON_HOURS, now);
  }

  cameOnline(owner: number, now: number): void {
    if (this.#dirty[owner] === 1 || this.#jobPack[owner]! >= 0) this.#lookIn(owner, LOOK_SOON_HOURS, now);
  }

  wentOffline(owner: number, now: number): void {
    if (this.#jobPack[owner]! < 0 || this.#jobLeft[owner] !== 0 || this.#parts.members.attended(owner))
      return;
    this.#jobLeft[owner] = Math.max(Number.MIN_VALUE, this.#jobEnd[owner]! - now);
    this.#jobSerial[owner]!++;
  }

  /** The owner has no packs any more. */
  retired(owner: number): void {
    this.#dirty[owner] = 0;
    this.#jobPack[owner] = -1;
    this.#jobSerial[owner]!++;
    this.#lookAt[owner] = 0;
  }

  look(owner: number, now: number): void {
    const { members, options } = this.#parts;
    if (!members.attended(owner)) return;
    if (this.#jobPack[owner]! >= 0) {
      if (this.#jobLeft[owner] !== 0) this.#resume(owner, now);
      return;
    }
    this.#dirty[owner] = 0;
    let worst = -1;
    let worstKind: Job = REMAKE;
    let worstPieces = 0;
    let least = Infinity;
    for (let pack = owner * options.packs; pack < (owner + 1) * options.packs; pack++) {
      const { n, m, exist } = this.#parts.packs;
      if (n[pack] === 0) continue;
      if (exist[pack]! < m[pack]!) this.#renew(owner, pack, now);
      this.#scan(pack);
      if (this.#urgent === 0) this.#parts.packs.forgetGathered(pack);
      const kind = this.#jobFor(pack);
      if (kind === undefined) continue;
      this.#dirty[owner] = 1;
      if (!this.#canStart(kind, pack)) {
        if (this.#urgent > 0) this.#gather(pack);
        continue;
      }
      const spare = this.#healthy - m[pack]!;
      if (spare >= least) continue;
      least = spare;
      worst = pack;
      worstKind = kind;
      worstPieces = this.#piecesOf(kind);
    }
    if (worst >= 0) this.#start(owner, worst, worstKind, worstPieces, now);
    else if (this.#dirty[owner] === 1) this.#lookIn(owner, LOOK_AGAIN_HOURS, now);
  }

  /** @param serial of the event: a job that was interrupted since is not done */
  repaired(owner: number, serial: number, now: number): void {
    if (serial !== this.#jobSerial[owner]) return;
    const pack = this.#jobPack[owner]!;
    this.#jobPack[owner] = -1;
    const kind = this.#jobKind[owner]! as Job;
    const placed = this.#replace(owner, pack, kind, now);
    const { figures, packs } = this.#parts;
    const m = packs.m[pack]!;
    const moved = kind === COPY ? (2 * placed) / m : 0;
    const fetched = kind === COPY ? 0 : 1 - Math.min(m, packs.gatheredCount[pack]!) / m;
    if (kind !== COPY) packs.forgetGathered(pack);
    figures.movedObjects += moved;
    if (kind === REMAKE_SUSPECTS) figures.earlyObjects += fetched + placed / m;
    figures.repairObjects += kind === COPY ? moved : fetched + placed / m;
    figures.writtenObjects += placed / m;
    figures.repairs++;
    figures.pieces += placed;
    this.#noteWhole(pack, now);
    this.#dirty[owner] = 1;
    this.#lookIn(owner, placed > 0 ? LOOK_SOON_HOURS : LOOK_AGAIN_HOURS, now);
  }

  /** Fetches what can be had now of a pack that cannot be mended yet. Owners have room for it. */
  #gather(pack: number): void {
    const { packs, members, figures } = this.#parts;
    const { gathered, holder, state, m, n } = packs;
    for (let slot = pack * STRIDE; slot < pack * STRIDE + n[pack]!; slot++) {
      const device = holder[slot]!;
      if (device < 0 || gathered[slot] === 1 || state[slot] === UNSAID || members.online[device] === 0)
        continue;
      gathered[slot] = 1;
      packs.gatheredCount[pack]!++;
      figures.repairObjects += 1 / m[pack]!;
    }
  }

  #jobFor(pack: number): Job | undefined {
    const { options, placing, packs } = this.#parts;
    const codeNumber = packs.code[pack]!;
    const known = this.#suspects + (options.repair === 'lazy' ? this.#urgent : 0);
    const trigger = known > 0 && this.#decision.needed(codeNumber, placing.codes.at(codeNumber));
    if (trigger && this.#suspects > 0) return REMAKE_SUSPECTS;
    if (this.#urgent > 0 && (trigger || options.repair === 'at-once')) {
      return this.#sources < packs.m[pack]! && this.#copyable > 0 ? COPY : REMAKE;
    }
    return this.#leaving > 0 ? COPY : undefined;
  }

  #canStart(kind: Job, pack: number): boolean {
    return kind === COPY ? this.#copyable > 0 : this.#sources >= this.#parts.packs.m[pack]!;
  }

  #piecesOf(kind: Job): number {
    if (kind === COPY) return this.#copyable;
    return this.#urgent + this.#leaving + (kind === REMAKE_SUSPECTS ? this.#suspects : 0);
  }

  #start(owner: number, pack: number, kind: Job, pieces: number, now: number): void {
    const { options, packs } = this.#parts;
    const share = pieces / packs.m[pack]!;
    const bytes = options.objectBytes * (kind === COPY ? 2 * share : 1 + share);
    this.#jobPack[owner] = pack;
    this.#jobKind[owner] = kind;
    this.#run(owner, bytes / REPAIR_BYTES_PER_HOUR, now);
  }

  #run(owner: number, hours: number, now: number): void {
    const { heap, repairedKind } = this.#parts;
    this.#jobLeft[owner] = 0;
    this.#jobEnd[owner] = now + hours;
    heap.push(now + hours, repairedKind, owner, ++this.#jobSerial[owner]!);
  }

  #resume(owner: number, now: number): void {
    const pack = this.#jobPack[owner]!;
    const { n, m, exist } = this.#parts.packs;
    if (n[pack] === 0 || exist[pack]! < m[pack]!) {
      this.#jobPack[owner] = -1;
      this.look(owner, now);
      return;
    }
    this.#scan(pack);
    if (this.#canStart(this.#jobKind[owner]! as Job, pack)) this.#run(owner, this.#jobLeft[owner]!, now);
    else {
      // Whatever is possible now comes first; the work is begun again later.
      this.#jobPack[owner] = -1;
      this.look(owner, now);
    }
  }

  #replace(owner: number, pack: number, kind: Job, now: number): number {
    const { packs, members, pieces, placing } = this.#parts;
    const end = pack * STRIDE + packs.n[pack]!;
    let placed = 0;
    for (let slot = pack * STRIDE; slot < end; slot++) {
      const state = packs.state[slot]!;
      const holder = packs.holder[slot]!;
      if (state === HELD || state === UNSAID) {
        if (kind !== REMAKE_SUSPECTS || members.suspicion[holder] === 0) continue;
      } else if (kind === COPY && (state !== LEAVING || members.online[holder] === 0)) continue;
      // A suspect most likely comes back: no cap is broken for it.
      const strict = state === HELD || state === UNSAID;
      const device = placing.holderFor(owner, pack, strict);
      if (device < 0 && strict) continue;
      if (device < 0) break;
      pieces.replaced(slot, device, now);
      placed++;
    }
    return placed;
  }

  /** A lost pack is written anew from the owner's files, if it has them. */
  #renew(owner: number, pack: number, now: number): void {
    const { pieces, placing } = this.#parts;
    const settling = this.#parts.packs.settling[pack]!;
    pieces.close(pack, now);
    placing.meet(owner);
    if (!placing.place(owner, pack, pack + 1, now)) {
      throw new RoostError('too-few', 'a lost pack cannot be written anew: its owner has too few partners');
    }
    this.#parts.packs.settling[pack] = settling;
    this.#noteWhole(pack, now);
  }

  #noteWhole(pack: number, now: number): void {
    const { settling, exist, n, bad } = this.#parts.packs;
    if (settling[pack] === 0 || exist[pack] !== n[pack] || bad[pack] !== 0) return;
    settling[pack] = 0;
    const hours = now - this.stoppedAt;
    this.#parts.figures.settled.add(hours);
    if (hours > SETTLED_HOURS) this.#parts.figures.settledLate++;
  }

  #lookIn(owner: number, hours: number, now: number): void {
    const { options, heap, lookKind, members } = this.#parts;
    if (options.repair === 'none') return;
    const at = now + hours;
    // One that is due sooner does as well.
    if (this.#lookAt[owner]! > now && this.#lookAt[owner]! <= at) return;
    this.#lookAt[owner] = at;
    heap.push(at, lookKind, owner, members.life[owner]!);
  }

  #scan(pack: number): void {
    const { packs, members } = this.#parts;
    const { holder, state } = packs;
    const { suspicion, storageClass, online, alive } = members;
    const { good, suspects } = this.#decision;
    good.fill(0);
    suspects.fill(0);
    this.#healthy = 0;
    this.#suspects = 0;
    this.#urgent = 0;
    this.#leaving = 0;
    this.#copyable = 0;
    this.#sources = 0;
    const end = pack * STRIDE + packs.n[pack]!;
    for (let slot = pack * STRIDE; slot < end; slot++) {
      const device = holder[slot]!;
      const what = state[slot]!;
      const readable = device >= 0 && what !== UNSAID && online[device] === 1 && alive[device] === 1;
      if (readable || packs.gathered[slot] === 1) this.#sources++;
      if (what === LEAVING) {
        this.#leaving++;
        if (readable) this.#copyable++;
      } else if (what === HELD || what === UNSAID) {
        const step = suspicion[device]!;
        if (step === 0) {
          good[storageClass[device]!]!++;
          this.#healthy++;
        } else {
          suspects[Math.min(step, suspects.length) - 1]!++;
          this.#suspects++;
        }
      } else this.#urgent++;
    }
  }
}
