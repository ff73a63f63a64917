import type { Code } from '../../../src/core/erasure/codes.ts';
import { SHARDS_MAX } from '../../../src/core/placement/plan.ts';
import type { Members } from './members.ts';

/** State of one piece as its owner knows it; `HELD` by a device that is gone without a word is known to nobody yet. */
export const HELD = 0;
/** lost; the holder has not been able to say so */
export const UNSAID = 1;
/** known to be gone: nobody holds it */
export const MISSING = 2;
/** its holder was silent beyond the time of grace: to be replaced, read when the holder turns up */
export const DOOMED = 3;
/** its holder leaves in order: to be moved */
export const LEAVING = 4;

/** Slots of one pack; slot `pack * STRIDE + shard`. */
export const STRIDE = SHARDS_MAX;

/** Every pack with its pieces, and for each device the chain of the slots it holds. */
export class Packs {
  readonly code: Uint8Array;
  /** pieces; 0 when there is no pack here */
  readonly n: Uint8Array;
  readonly m: Uint8Array;
  /** pieces that exist, whether or not they can be reached now */
  readonly exist: Uint8Array;
  /** pieces that are MISSING or DOOMED */
  readonly bad: Uint8Array;
  readonly born: Float64Array;
  /** since when pieces are bad */
  readonly badSince: Float64Array;
  /** since when fewer than n exist */
  readonly belowSince: Float64Array;
  /** was not whole when faults stopped, and has not been since */
  readonly settling: Uint8Array;

  /** 1 for pieces that the owner has fetched to mend the pack with, and keeps until there are enough */
  readonly gathered: Uint8Array;
  /** such pieces of each pack */
  readonly gatheredCount: Uint8Array;
  readonly holder: Int32Array;
  readonly state: Uint8Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #members: Members;

  constructor(count: number, members: Members) {
    this.code = new Uint8Array(count);
    this.n = new Uint8Array(count);
    this.m = new Uint8Array(count);
    this.exist = new Uint8Array(count);
    this.bad = new Uint8Array(count);
    this.born = new Float64Array(count);
    this.badSince = new Float64Array(count);
    this.belowSince = new Float64Array(count);
    this.settling = new Uint8Array(count);
    this.holder = new Int32Array(count * STRIDE).fill(-1);
    this.state = new Uint8Array(count * STRIDE);
    this.gatheredCount = new Uint8Array(count);
    this.gathered = new Uint8Array(count * STRIDE);
    this.#next = new Int32Array(count * STRIDE).fill(-1);
    this.#previous = new Int32Array(count * STRIDE).fill(-1);
    this.#members = members;
  }

  get count(): number {
    return this.n.length;
  }

  /** Makes a whole pack; every one of its slots must be attached next. */
  create(pack: number, codeNumber: number, code: Code, now: number): void {
    this.code[pack] = codeNumber;
    this.m[pack] = code.m;
    this.n[pack] = code.m + code.k;
    this.exist[pack] = code.m + code.k;
    this.bad[pack] = 0;
    this.born[pack] = now;
  }

  /** The owner has left or given the pack up: its holders drop their pieces. */
  remove(pack: number): void {
    const end = pack * STRIDE + this.n[pack]!;
    for (let slot = pack * STRIDE; slot < end; slot++) this.detach(slot);
    this.n[pack] = 0;
    this.settling[pack] = 0;
    this.forgetGathered(pack);
  }

  forgetGathered(pack: number): void {
    if (this.gatheredCount[pack] === 0) return;
    this.gatheredCount[pack] = 0;
    this.gathered.fill(0, pack * STRIDE, (pack + 1) * STRIDE);
  }

  attach(slot: number, device: number): void {
    const { firstSlot, held } = this.#members;
    const first = firstSlot[device]!;
    this.holder[slot] = device;
    this.state[slot] = HELD;
    this.#next[slot] = first;
    this.#previous[slot] = -1;
    if (first >= 0) this.#previous[first] = slot;
    firstSlot[device] = slot;
    held[device]!++;
  }

  /** Leaves the slot without a holder. */
  detach(slot: number): void {
    const device = this.holder[slot]!;
    if (device < 0) return;
    const { firstSlot, held, unsaid } = this.#members;
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (next >= 0) this.#previous[next] = previous;
    if (previous >= 0) this.#next[previous] = next;
    else firstSlot[device] = next;
    if (this.state[slot] === UNSAID) unsaid[device]!--;
    held[device]!--;
    this.holder[slot] = -1;
  }

  /** The slot after this one at the same holder, -1 at the end. */
  next(slot: number): number {
    return this.#next[slot]!;
  }
}
