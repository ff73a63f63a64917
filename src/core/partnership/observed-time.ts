const HOUR_MS = 3_600_000;

/**
 * One gap between two looks at the clock counts for this much at most: a device that is on for an hour a day still sees
 * one day pass each day, and a clock that jumps a year, or a lid that was shut for a month, tells nothing about others.
 */
export const OBSERVED_GAP_MAX_MS = 24 * HOUR_MS;

/** The two clocks of a device at one moment. */
export interface ClockReading {
  /** milliseconds since 1970, wall clock */
  readonly wall: number;
  /** milliseconds of this run of the program; undefined in a reading kept from a former run */
  readonly monotonic: number | undefined;
}

/**
 * Time between two readings as far as it may be held against others: within one run by the monotonic clock, over a restart by the
 * wall clock, never more than OBSERVED_GAP_MAX_MS and never less than nothing.
 */
export function observedMs(before: ClockReading, now: ClockReading): number {
  const sameRun = before.monotonic !== undefined && now.monotonic !== undefined;
  const passed = sameRun ? now.monotonic - before.monotonic : now.wall - before.wall;
  return Math.min(OBSERVED_GAP_MAX_MS, Math.max(0, passed));
}

/** How far the wall clock moved against the monotonic one between two readings of one run; 0 where that cannot be told. */
export function clockJumpMs(before: ClockReading, now: ClockReading): number {
  if (before.monotonic === undefined || now.monotonic === undefined) return 0;
  return now.wall - before.wall - (now.monotonic - before.monotonic);
}
