import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HOURS_PER_WEEK,
  decodeWeek,
  emptyWeek,
  encodeWeek,
  flatWeek,
  hourOfWeek,
  observeWeek as observeStretches,
  onlineShare,
  overlap,
  share,
  spread,
  uncovered,
  weekShares,
} from '../../../src/core/placement/schedule.ts';
import type { WeekHistogram } from '../../../src/core/placement/schedule.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** Monday 2026-01-05 00:00 UTC */
const MONDAY_MS = Date.UTC(2026, 0, 5);

function observeWeek(week: WeekHistogram, fromMs: number, toMs: number, online: boolean): WeekHistogram {
  return observeStretches(week, [{ fromMs, toMs, online }]);
}

/** Watched hour by hour from a Monday on; online in the hours of the week that `isOnline` names. */
function watched(isOnline: (hour: number) => boolean, weeks: number, before = emptyWeek()): WeekHistogram {
  let histogram = before;
  for (let hour = 0; hour < weeks * HOURS_PER_WEEK; hour++) {
    const from = MONDAY_MS + hour * HOUR_MS;
    histogram = observeWeek(histogram, from, from + HOUR_MS, isOnline(hour % HOURS_PER_WEEK));
  }
  return histogram;
}
const officeHours = (hour: number): boolean => hour < 5 * 24 && hour % 24 >= 8 && hour % 24 < 18;
const nights = (hour: number): boolean => !officeHours(hour);

function expectSame(a: WeekHistogram, b: WeekHistogram): void {
  for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
    expect(Math.abs(a.watchedMs[hour]! - b.watchedMs[hour]!)).toBeLessThan(1e-3);
    expect(Math.abs(a.onlineMs[hour]! - b.onlineMs[hour]!)).toBeLessThan(1e-3);
  }
  expect(a.open).toEqual(b.open);
}

const stretch = fc.record({
  from: fc.integer({ min: -5 * WEEK_MS, max: 60 * 365 * DAY_MS }),
  length: fc.integer({ min: 1, max: 3 * WEEK_MS }),
  online: fc.boolean(),
});
const anyWeek = fc.array(stretch, { maxLength: 6 }).map((stretches) => {
  let histogram = emptyWeek();
  for (const { from, length, online } of stretches)
    histogram = observeWeek(histogram, from, from + length, online);
  return histogram;
});

describe('the hour of the week', () => {
  it('is that of the calendar in UTC, Monday first, before 1970, too', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100 * WEEK_MS, max: 100_000 * DAY_MS }), (ms) => {
        const date = new Date(ms);
        expect(hourOfWeek(ms)).toBe(((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours());
      }),
    );
    expect(hourOfWeek(-72 * 3_600_000)).toBe(0);
  });
});

describe('the habits of a device', () => {
  it('are learned by the hour', () => {
    const shares = weekShares(watched(officeHours, 1));
    expect(shares).toEqual(Array.from({ length: HOURS_PER_WEEK }, (_, hour) => (officeHours(hour) ? 1 : 0)));
    expect(onlineShare(watched(officeHours, 1))).toBeCloseTo(50 / 168, 1);
    const half = observeWeek(emptyWeek(), MONDAY_MS, MONDAY_MS + HOUR_MS / 2, true);
    expect(share(observeWeek(half, MONDAY_MS + HOUR_MS / 2, MONDAY_MS + HOUR_MS, false), 0)).toBeCloseTo(
      0.5,
      2,
    );
  });

  it('are the same from one stretch or from its parts', () => {
    fc.assert(
      fc.property(anyWeek, stretch, fc.double({ min: 0, max: 1, noNaN: true }), (week, piece, cut) => {
        const { from, length, online } = piece;
        const middle = from + Math.floor(cut * length);
        const parts = observeWeek(observeWeek(week, from, middle, online), middle, from + length, online);
        expectSame(parts, observeWeek(week, from, from + length, online));
      }),
    );
  });

  it('of 4 weeks ago weigh half', () => {
    const changed = observeWeek(
      watched(() => true, 40),
      MONDAY_MS + 40 * WEEK_MS,
      MONDAY_MS + 44 * WEEK_MS,
      false,
    );
    for (const hour of [0, 77, 167]) expect(share(changed, hour)).toBeCloseTo(0.5, 3);
  });

  it('do not fade while nobody watches', () => {
    const before = watched(officeHours, 4);
    const from = MONDAY_MS + 5200 * WEEK_MS;
    const after = observeWeek(before, from, from + HOUR_MS, true);
    for (const hour of [1, 9, 100]) expect(share(after, hour)).toBe(share(before, hour));
  });

  it('are learned as well minute by minute with bytes between', () => {
    const MINUTE_MS = 60_000;
    let kept = encodeWeek(emptyWeek());
    for (let minute = 0; minute < 8 * 24 * 60; minute++) {
      const from = MONDAY_MS + minute * MINUTE_MS;
      const online = minute % 4 === 0 || officeHours(hourOfWeek(from));
      kept = encodeWeek(observeWeek(decodeWeek(kept), from, from + MINUTE_MS, online));
    }
    for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
      expect(Math.abs(share(decodeWeek(kept), hour) - (officeHours(hour) ? 1 : 0.25))).toBeLessThan(0.01);
    }
  });

  it('survive a clock that jumps a year ahead while watching, or back', () => {
    const known = watched(officeHours, 8);
    const jumped = observeWeek(known, MONDAY_MS, MONDAY_MS + 365 * DAY_MS, true);
    expect(share(jumped, 3)).toBeLessThan(0.65);
    expect(observeWeek(known, MONDAY_MS, MONDAY_MS - 365 * DAY_MS, true)).toBe(known);
    expect(observeWeek(known, Number.NaN, MONDAY_MS, true)).toBe(known);
    expect(observeWeek(known, 0, Infinity, true)).toBe(known);
  });

  it('are not told before a week was watched, and guessed for an hour never watched', () => {
    expect(weekShares(emptyWeek())).toEqual([]);
    expect(onlineShare(emptyWeek())).toBe(0);
    const day = observeWeek(emptyWeek(), MONDAY_MS, MONDAY_MS + DAY_MS, true);
    expect(weekShares(day)).toEqual([]);
    expect(share(day, 100)).toBe(1);
    expect(weekShares(observeWeek(emptyWeek(), MONDAY_MS, MONDAY_MS + WEEK_MS, true))).toHaveLength(
      HOURS_PER_WEEK,
    );
  });

  it('leave what was known before unchanged', () => {
    const before = watched(officeHours, 1);
    const bytes = encodeWeek(before);
    observeWeek(before, MONDAY_MS, MONDAY_MS + DAY_MS, true);
    expect(encodeWeek(before)).toEqual(bytes);
  });
});

describe('the habits of several devices', () => {
  it('overlap by the share of our time in which the other is there', () => {
    const office = watched(officeHours, 1);
    const night = watched(nights, 1);
    expect(overlap(office, office)).toBe(1);
    expect(overlap(office, night)).toBe(0);
    expect(overlap(office, flatWeek(1))).toBe(1);
    expect(overlap(flatWeek(1), office)).toBeCloseTo(50 / 168, 9);
    expect(overlap(flatWeek(0), office)).toBe(0);
  });

  it('spread by the share of the week with somebody there, which one more never lowers', () => {
    expect(spread(uncovered([]), 0)).toBe(0);
    expect(spread(uncovered([watched(officeHours, 1)]), watched(nights, 1))).toBe(1);
    expect(spread(uncovered([flatWeek(0.5)]), flatWeek(0.5))).toBeCloseTo(0.75, 12);
    expect(spread(uncovered([flatWeek(0.5)]), 0.5)).toBeCloseTo(0.75, 12);
    fc.assert(
      fc.property(anyWeek, anyWeek, (a, b) => {
        expect(spread(uncovered([a]), b)).toBeGreaterThanOrEqual(spread(uncovered([a]), 0) - 1e-12);
        expect(spread(uncovered([a]), b)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a week as bytes', () => {
  it('is at most 350 of them and comes back but for rounding', () => {
    fc.assert(
      fc.property(anyWeek, (week) => {
        const bytes = encodeWeek(week);
        expect(bytes.length).toBeLessThanOrEqual(350);
        const back = decodeWeek(bytes);
        expect(back.open).toEqual(week.open);
        for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
          const weight = week.watchedMs[hour]!;
          if (weight < 500) continue;
          expect(Math.abs(back.watchedMs[hour]! / weight - 1)).toBeLessThan(0.022);
          const kept = back.onlineMs[hour]! / back.watchedMs[hour]!;
          expect(Math.abs(kept - week.onlineMs[hour]! / weight)).toBeLessThan(1 / 509);
        }
        expect(encodeWeek(back)).toEqual(bytes);
      }),
    );
  });

  it('is refused cut, longer, of another version, or with a share of nothing', () => {
    const bytes = encodeWeek(watched(officeHours, 1));
    const malformed = expect.objectContaining({ fault: 'malformed' });
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeWeek(bytes.subarray(0, length))).toThrow(malformed);
    }
    expect(() => decodeWeek(new Uint8Array([...bytes, 0]))).toThrow(malformed);
    expect(() => decodeWeek(bytes.with(0, 2))).toThrow(malformed);
    expect(() => decodeWeek(bytes.with(1, 0).with(2, 9))).toThrow(malformed);
    expect(() => decodeWeek(bytes.with(341, 0xff))).toThrow(malformed);
    expect(() => decodeWeek(bytes.with(345, 0x01))).toThrow(malformed);
  });

  it('gives shares from 0 to 1 whatever its bytes say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 336, maxLength: 336 }), (random) => {
        const hours = random.map((byte, i) => (i % 2 === 0 ? Math.max(1, byte) : byte));
        const bytes = new Uint8Array([1, ...hours, ...new Uint8Array(12)]);
        const week = decodeWeek(bytes);
        for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
          expect(share(week, hour)).toBeGreaterThanOrEqual(0);
          expect(share(week, hour)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
