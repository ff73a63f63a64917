import { FrameKinds } from './frame-kind.ts';

/** One moment of the cooperative, from the disks themselves. */
export interface Sample {
  /** days since the start */
  readonly day: number;
  /** devices that are on */
  readonly online: number;
  readonly packs: number;
  /** packs with fewer than `n` intact pieces */
  readonly incomplete: number;
  /** packs with fewer than `m` intact pieces on devices that are on: they could not be read at this moment */
  readonly unreadableNow: number;
  /** packs with fewer than `m` intact pieces anywhere */
  readonly lost: number;
  /** bytes delivered so far */
  readonly bytes: number;
  /** bytes of pieces remade outside backups so far */
  readonly repairBytes: number;
}

/** Counts what a run costs and what becomes of its data. */
export class Metrics {
  readonly #kinds = new FrameKinds();
  readonly #traffic = new Map<string, { frames: number; bytes: number }>();
  readonly #counts = new Map<string, number>();
  readonly samples: Sample[] = [];
  bytes = 0;
  repairBytes = 0;
  /** packs times years that they were kept, summed at every sample */
  objectYears = 0;
  /** the same of the time that they had fewer than `n` pieces */
  incompleteYears = 0;

  /** @param saving whether the device is in a run of its own, so that pieces moved are no repair */
  frame(message: Uint8Array, from: string, to: string, saving: boolean): void {
    const kind = this.#kinds.kindOf(message, from, to);
    const counted = this.#traffic.get(kind) ?? { frames: 0, bytes: 0 };
    counted.frames++;
    counted.bytes += message.length;
    this.#traffic.set(kind, counted);
    this.bytes += message.length;
    if (kind === 'put' && !saving) this.repairBytes += message.length;
  }

  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  get traffic(): readonly (readonly [kind: string, { readonly frames: number; readonly bytes: number }])[] {
    return [...this.#traffic].sort(([, a], [, b]) => b.bytes - a.bytes);
  }

  get counts(): readonly (readonly [what: string, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  countOf(what: string): number {
    return this.#counts.get(what) ?? 0;
  }
}
