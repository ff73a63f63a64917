import type { Figures } from './figures.ts';
import type { Members } from './members.ts';
import { DOOMED, MISSING, STRIDE, UNSAID } from './packs.ts';
import type { Packs } from './packs.ts';

/** What becomes of single pieces, with the counts of their packs kept true. */
export class Pieces {
  readonly #members: Members;
  readonly #packs: Packs;
  readonly #figures: Figures;
  readonly #slotsPerOwner: number;

  constructor(members: Members, packs: Packs, packsPerOwner: number, figures: Figures) {
    this.#members = members;
    this.#packs = packs;
    this.#figures = figures;
    this.#slotsPerOwner = packsPerOwner * STRIDE;
  }

  ownerOf(slot: number): number {
    return Math.floor(slot / this.#slotsPerOwner);
  }

  exists(slot: number): boolean {
    const state = this.#packs.state[slot];
    if (state === UNSAID || state === MISSING) return false;
    return this.#members.alive[this.#packs.holder[slot]!] === 1;
  }

  /** An existing piece exists no more. Below m it is a loss, once: no piece can be remade from then on. */
  destroyed(slot: number, now: number): void {
    const { exist, n, m, belowSince } = this.#packs;
    const pack = Math.floor(slot / STRIDE);
    if (exist[pack] === n[pack]) belowSince[pack] = now;
    exist[pack]!--;
    if (exist[pack] === m[pack]! - 1) this.#figures.losses++;
  }

  /** The owner gives the holder up; what it holds can still be read when it turns up. */
  doom(slot: number, now: number): void {
    this.#markBad(slot, now);
    this.#packs.state[slot] = DOOMED;
  }

  /** The owner knows that the piece is gone. */
  missing(slot: number, now: number): void {
    if (this.exists(slot)) this.destroyed(slot, now);
    this.#packs.detach(slot);
    this.#markBad(slot, now);
    this.#packs.state[slot] = MISSING;
  }

  /** A new holder has the piece; whatever the old one had is released. */
  replaced(slot: number, device: number, now: number): void {
    const { bad, badSince, state, exist, n, belowSince } = this.#packs;
    const pack = Math.floor(slot / STRIDE);
    const existed = this.exists(slot);
    const wasBad = state[slot] === MISSING || state[slot] === DOOMED;
    this.#packs.detach(slot);
    this.#packs.attach(slot, device);
    if (wasBad && --bad[pack]! === 0) this.#figures.mending.add(now - badSince[pack]!);
    if (existed) return;
    exist[pack]!++;
    if (exist[pack] === n[pack]) this.#figures.belowHours += now - belowSince[pack]!;
  }

  /** The pack is no longer wanted, or lost: its time is added up and its holders drop it. */
  close(pack: number, now: number): void {
    const { n, m, exist, born, belowSince } = this.#packs;
    if (n[pack] === 0) return;
    const hours = now - born[pack]!;
    this.#figures.objectHours += hours;
    this.#figures.storedObjectHours += (hours * n[pack]!) / m[pack]!;
    if (exist[pack]! < n[pack]!) this.#figures.belowHours += now - belowSince[pack]!;
    this.#packs.remove(pack);
  }

  #markBad(slot: number, now: number): void {
    const { state, bad, badSince } = this.#packs;
    const pack = Math.floor(slot / STRIDE);
    if (state[slot] === DOOMED || state[slot] === MISSING) return;
    if (bad[pack] === 0) badSince[pack] = now;
    bad[pack]!++;
  }
}
