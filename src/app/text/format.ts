const LANGUAGE = 'en';

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
const STEP = 1024;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const whole = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'auto' });
const dayAndTime = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short' });
const timeOnly = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'short' });
const dayOnly = new Intl.DateTimeFormat(LANGUAGE, { weekday: 'short', day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium' });
const weekday = new Intl.DateTimeFormat(LANGUAGE, { weekday: 'long' });
const weekdayInitial = new Intl.DateTimeFormat(LANGUAGE, { weekday: 'narrow', timeZone: 'UTC' });
const monthAndDay = new Intl.DateTimeFormat(LANGUAGE, { day: 'numeric', month: 'long' });
const oneDigit = new Intl.NumberFormat(LANGUAGE, { maximumSignificantDigits: 1 });
const list = new Intl.ListFormat(LANGUAGE);

export const formatCount = (count: number): string => whole.format(count);

/** A size for people: three digits at most and a binary unit. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes <= 0) return '0 bytes';
  let unit = 0;
  let value = bytes;
  // From a thousand on, four digits say less than the next unit does.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  const number = unit === 0 || value >= 100 ? whole.format(value) : tenths.format(value);
  return `${number} ${unit === 0 && bytes === 1 ? 'byte' : (UNITS[unit] ?? '')}`;
}

export const formatSpeed = (bytesPerSecond: number): string => `${formatBytes(bytesPerSecond)}/s`;

/** Time left, coarse on purpose: nobody can plan by seconds that jump. */
export function formatDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(1, Math.ceil(ms / 1000))} s`;
  if (ms < HOUR_MS) return `${Math.ceil(ms / MINUTE_MS)} min`;
  const hours = Math.floor(ms / HOUR_MS);
  const minutes = Math.round((ms % HOUR_MS) / MINUTE_MS);
  if (hours < 24) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return `${Math.round(ms / DAY_MS)} d`;
}

/** "3 minutes ago", "yesterday", or the day when it is longer ago. */
export function formatAgo(at: number, now: number): string {
  const passed = Math.max(0, now - at);
  if (passed < MINUTE_MS) return 'just now';
  if (passed < HOUR_MS) return relative.format(-Math.round(passed / MINUTE_MS), 'minute');
  if (passed < DAY_MS) return relative.format(-Math.round(passed / HOUR_MS), 'hour');
  if (passed < 7 * DAY_MS) return relative.format(-Math.round(passed / DAY_MS), 'day');
  return dayOfYear.format(at);
}

export const formatDateTime = (at: number): string => dayAndTime.format(at);
export const formatTime = (at: number): string => timeOnly.format(at);
export const formatDay = (at: number, now: number): string =>
  Math.abs(now - at) < 300 * DAY_MS ? dayOnly.format(at) : dayOfYear.format(at);

/** A time gone by, to stand after "since": "14:05", "yesterday", "Tuesday", "November 12". */
export function formatMoment(at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) return timeOnly.format(at);
  if (at >= midnight - DAY_MS) return relative.format(-1, 'day');
  if (at >= midnight - 6 * DAY_MS) return weekday.format(at);
  return formatDate(at, now);
}

/** A day near or far, without its weekday: "December 4", with the year when it is not near. */
export const formatDate = (at: number, now: number): string =>
  Math.abs(now - at) < 300 * DAY_MS ? monthAndDay.format(at) : dayOfYear.format(at);

/** 0.125 → '13 %'. Never rounds up to certainty. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent >= 100) return '100 %';
  if (percent >= 99) return `${tenths.format(Math.min(percent, 99.9))} %`;
  return `${whole.format(Math.max(0, percent))} %`;
}

/** Smaller chances than this are guesses about guesses. */
const SMALLEST_CHANCE = 1e-9;

/** Above this, '1 in 1' would be the rounded figure. */
const MORE_OFTEN_THAN_NOT = 0.5;

/** 0.00000093 → 'about 1 in 1,000,000', one digit: more would claim too much. */
export const formatChance = (chance: number): string =>
  chance > MORE_OFTEN_THAN_NOT
    ? 'more than 1 in 2'
    : `about 1 in ${oneDigit.format(Math.round(1 / Math.max(SMALLEST_CHANCE, chance)))}`;

export const formatList = (items: readonly string[]): string => list.format(items);

/** The first letters of the days, Monday first. */
export const weekdayInitials = (): readonly string[] =>
  // 5 January 1970 was a Monday.
  Array.from({ length: 7 }, (_, day) => weekdayInitial.format((4 + day) * DAY_MS));
