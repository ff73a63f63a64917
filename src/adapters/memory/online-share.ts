const DAY_MS = 24 * 3_600_000;
/** As the broker that ships: 30 days. */
const DAYS = 30;

/** How much of the last 30 days, or of the time since it began to look, something was online. */
export class OnlineShare {
  /** milliseconds online, by the number of the day */
  readonly #days = new Map<number, number>();
  #since: number | undefined;

  /** @param now milliseconds since the broker began to look */
  changed(online: boolean, now: number): void {
    this.#count(now);
    this.#since = online ? now : undefined;
  }

  /** 0 to 1 */
  at(now: number): number {
    this.#count(now);
    const window = Math.min(now, DAYS * DAY_MS);
    let online = 0;
    for (const ms of this.#days.values()) online += ms;
    return window <= 0 ? 0 : Math.min(1, online / window);
  }

  #count(now: number): void {
    const today = Math.floor(now / DAY_MS);
    for (let from = this.#since ?? now; from < now;) {
      const day = Math.floor(from / DAY_MS);
      const to = Math.min(now, (day + 1) * DAY_MS);
      this.#days.set(day, (this.#days.get(day) ?? 0) + to - from);
      from = to;
    }
    if (this.#since !== undefined) this.#since = now;
    for (const day of this.#days.keys()) if (day <= today - DAYS) this.#days.delete(day);
  }
}
