import type { AgreementId } from '../../core/ids.ts';
import type { HeldRow } from './held-row.ts';

export interface Usage {
  readonly rows: number;
  readonly bytes: number;
}

/** Running sums over all held rows, so that no limit check has to read the table. Lost rows count as nothing. */
export class Totals {
  readonly #agreements = new Map<AgreementId, { rows: number; bytes: number }>();
  readonly #volumes = new Map<string, number>();
  readonly #lostOf = new Map<AgreementId, number>();
  #bytes = 0;
  #rows = 0;
  #lost = 0;

  /** bytes of all live rows */
  get bytes(): number {
    return this.#bytes;
  }

  /** live rows of all agreements */
  get rows(): number {
    return this.#rows;
  }

  /** rows whose bytes are gone and that the owner has not released yet */
  get lost(): number {
    return this.#lost;
  }

  /** Lost rows of one agreement that the owner has not released yet. */
  lostOf(agreement: AgreementId): number {
    return this.#lostOf.get(agreement) ?? 0;
  }

  of(agreement: AgreementId): Usage {
    return this.#agreements.get(agreement) ?? { rows: 0, bytes: 0 };
  }

  /** Bytes of live rows in a volume. */
  live(volume: string): number {
    return this.#volumes.get(volume) ?? 0;
  }

  /** A row came, went or changed. */
  change(before: HeldRow | undefined, after: HeldRow | undefined): void {
    if (before) this.#count(before, -1);
    if (after) this.#count(after, 1);
  }

  #count(held: HeldRow, sign: 1 | -1): void {
    if (held.lost) {
      this.#lost += sign;
      const lost = this.lostOf(held.agreement) + sign;
      if (lost === 0) this.#lostOf.delete(held.agreement);
      else this.#lostOf.set(held.agreement, lost);
      return;
    }
    const bytes = sign * held.bytes;
    this.#bytes += bytes;
    this.#rows += sign;
    const usage = this.#agreements.get(held.agreement) ?? { rows: 0, bytes: 0 };
    usage.rows += sign;
    usage.bytes += bytes;
    if (usage.rows === 0) this.#agreements.delete(held.agreement);
    else this.#agreements.set(held.agreement, usage);
    const live = this.live(held.volume) + bytes;
    if (live === 0) this.#volumes.delete(held.volume);
    else this.#volumes.set(held.volume, live);
  }
}
