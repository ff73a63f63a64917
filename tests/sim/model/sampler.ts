import type { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import type { Figures } from './figures.ts';
import type { Members } from './members.ts';
import { STRIDE } from './packs.ts';
import type { Packs } from './packs.ts';
import type { Pieces } from './pieces.ts';

const SAMPLED_PACKS = 64;
const DAY_HOURS = 24;

/** Looks at packs chosen by chance: could they be restored now, or with the pieces that come online within a day? */
export class Sampler {
  readonly #members: Members;
  readonly #packs: Packs;
  readonly #pieces: Pieces;
  readonly #random: SeededRandom;
  readonly #figures: Figures;
  readonly #perOwner: number;

  constructor(members: Members, packs: Packs, pieces: Pieces, random: SeededRandom, figures: Figures) {
    this.#members = members;
    this.#packs = packs;
    this.#pieces = pieces;
    this.#random = random;
    this.#figures = figures;
    this.#perOwner = packs.count / members.capacity;
  }

  /** @param now hours since the start */
  sample(now: number): void {
    const { present, presentCount, online, nextOn } = this.#members;
    const { n, m, holder } = this.#packs;
    for (let i = 0; i < SAMPLED_PACKS; i++) {
      const owner = present[this.#random.below(presentCount)]!;
      const pack = owner * this.#perOwner + this.#random.below(this.#perOwner);
      if (n[pack] === 0) continue;
      let ready = 0;
      let today = 0;
      for (let slot = pack * STRIDE; slot < pack * STRIDE + n[pack]!; slot++) {
        if (!this.#pieces.exists(slot)) continue;
        const device = holder[slot]!;
        if (online[device] === 1) ready++;
        if (online[device] === 1 || nextOn[device]! < now + DAY_HOURS) today++;
      }
      this.#figures.samples++;
      if (ready >= m[pack]!) this.#figures.restorable++;
      if (today >= m[pack]!) this.#figures.restorableWithinDay++;
    }
  }
}
