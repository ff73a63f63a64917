const DAY_MS = 86_400_000;
/** Days that count. */
const RELIABILITY_DAYS = 30;
/** The oldest day counts in part, so one more is kept. */
export const DAYS_KEPT = RELIABILITY_DAYS + 1;

/** Milliseconds online by day since 1970, newest last; at most DAYS_KEPT days. */
export type History = ReadonlyMap<number, number>;

export const EMPTY_HISTORY: History = new Map();

/** Adds an interval; days older than the window fall away. An interval that ends before it begins adds nothing. */
export function withOnline(history: History, from: number, to: number): History {
  const days = new Map(history);
  const newest = Math.floor(to / DAY_MS);
  // A clock that jumped by years must not make a loop of years.
  for (let start = Math.max(from, (newest - DAYS_KEPT) * DAY_MS); start < to;) {
    const day = Math.floor(start / DAY_MS);
    const end = Math.min(to, (day + 1) * DAY_MS);
    days.set(day, Math.min(DAY_MS, (days.get(day) ?? 0) + (end - start)));
    start = end;
  }
  for (const day of days.keys()) if (day <= newest - DAYS_KEPT || day > newest) days.delete(day);
  return days;
}

/** Milliseconds online in the RELIABILITY_DAYS before `now`; the oldest day counts in part. */
export function onlineMs(history: History, now: number): number {
  const today = Math.floor(now / DAY_MS);
  const partOfOldest = 1 - (now - today * DAY_MS) / DAY_MS;
  let sum = 0;
  for (const [day, ms] of history) {
    const age = today - day;
    if (age >= 0 && age < RELIABILITY_DAYS) sum += ms;
    else if (age === RELIABILITY_DAYS) sum += ms * partOfOldest;
  }
  return sum;
}

/**
 * Share of the last 30 days that a device was online, of those that the broker was there to see it: its own absence, or its
 * being new, counts against nobody. 0 to 1.
 */
export function reliabilityOf(device: History, broker: History, now: number): number {
  const seen = onlineMs(broker, now);
  return seen <= 0 ? 0 : Math.min(1, onlineMs(device, now) / seen);
}
