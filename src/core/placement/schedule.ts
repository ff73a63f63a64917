import type { Bytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';

export const HOURS_PER_WEEK = 168;
const HOUR_MS = 3_600_000;
const WEEK_MS = HOURS_PER_WEEK * HOUR_MS;

/** Habits change: after 4 weeks, in which each hour of the week was watched 4 times, what was known of it weighs half. */
const HALF_LIFE_WEEKS = 4;
/** The weight of an hour watched every week for ever; also its mean life. */
const WEIGHT_MAX_MS = (HALF_LIFE_WEEKS * HOUR_MS) / Math.LN2;
/**
 * Of one stretch only the last part of this length is learned. A clock that jumped by a year thus costs half of what was
 * known, not all of it.
 */
const STRETCH_MAX_MS = HALF_LIFE_WEEKS * WEEK_MS;

/** 1970-01-01 was a Thursday; the week begins on Monday. */
const EPOCH_HOUR_OF_WEEK = 3 * 24;

/**
 * When in the week a device is online, learned by watching. For each hour of the week in UTC, Monday 00:00 first: milliseconds
 * watched and of these online, older ones weighing less. An hour fades by being watched again, not by time passing, so that neither a
 * pause nor a clock set wrong makes a device's habits forgotten.
 */
export interface WeekHistogram {
  readonly watchedMs: Float64Array;
  readonly onlineMs: Float64Array;
  /** what was seen in the hour that was watched last; joins the others when another one begins */
  readonly open: OpenHour;
}

interface OpenHour {
  /** whole hours since 1970 */
  readonly hour: number;
  readonly watchedMs: number;
  readonly onlineMs: number;
}

const NOTHING_OPEN: OpenHour = { hour: 0, watchedMs: 0, onlineMs: 0 };

/** A device that was never watched. */
export function emptyWeek(): WeekHistogram {
  return {
    watchedMs: new Float64Array(HOURS_PER_WEEK),
    onlineMs: new Float64Array(HOURS_PER_WEEK),
    open: NOTHING_OPEN,
  };
}

/** A device of which only the share of its time online is known, 0 to 1: any hour is like any other. */
export function flatWeek(onlineShare: number): WeekHistogram {
  return {
    watchedMs: new Float64Array(HOURS_PER_WEEK).fill(HOUR_MS),
    onlineMs: new Float64Array(HOURS_PER_WEEK).fill(HOUR_MS * onlineShare),
    open: NOTHING_OPEN,
  };
}

/** Hour of the week in UTC, 0 to 167, Monday 00:00 first. */
export function hourOfWeek(ms: number): number {
  return indexOf(Math.floor(ms / HOUR_MS));
}

function indexOf(hour: number): number {
  const index = (hour + EPOCH_HOUR_OF_WEEK) % HOURS_PER_WEEK;
  // Before 1970 the remainder is negative, or -0.
  return index < 0 ? index + HOURS_PER_WEEK : Math.abs(index);
}

/** Time in which a device was online, or was not, all along; milliseconds since 1970. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly online: boolean;
}

/**
 * Learns stretches, one after the other. One or the same in parts comes to the same. One that ends before it begins, as when a clock is set
 * back, teaches nothing.
 */
export function observeWeek(histogram: WeekHistogram, stretches: readonly Stretch[]): WeekHistogram {
  let { open } = histogram;
  let learned = histogram;
  for (const { fromMs, toMs, online } of stretches) {
    if (!Number.isFinite(fromMs) || !Number.isFinite(toMs) || toMs <= fromMs) continue;
    const begin = Math.max(fromMs, toMs - STRETCH_MAX_MS);
    for (let hour = Math.floor(begin / HOUR_MS); hour * HOUR_MS < toMs; hour++) {
      const length = Math.min(toMs, (hour + 1) * HOUR_MS) - Math.max(begin, hour * HOUR_MS);
      if (open.hour !== hour) {
        if (open.watchedMs > 0) {
          if (learned === histogram) learned = copyOf(histogram);
          settle(learned, open);
        }
        open = { ...NOTHING_OPEN, hour };
      }
      const watchedMs = Math.min(HOUR_MS, open.watchedMs + length);
      open = { hour, watchedMs, onlineMs: Math.min(watchedMs, open.onlineMs + (online ? length : 0)) };
    }
  }
  return open === histogram.open ? histogram : { ...learned, open };
}

function copyOf({ watchedMs, onlineMs, open }: WeekHistogram): WeekHistogram {
  return { watchedMs: watchedMs.slice(), onlineMs: onlineMs.slice(), open };
}

/** Joins an open hour to the others, in place. */
function settle({ watchedMs, onlineMs }: WeekHistogram, open: OpenHour): void {
  const hour = indexOf(open.hour);
  const faded = Math.exp(-open.watchedMs / WEIGHT_MAX_MS);
  const weight = WEIGHT_MAX_MS * (1 - faded);
  watchedMs[hour] = watchedMs[hour]! * faded + weight;
  onlineMs[hour] = onlineMs[hour]! * faded + (weight * open.onlineMs) / open.watchedMs;
}

/** All that is known, the open hour, too. */
function known(histogram: WeekHistogram): WeekHistogram {
  const { open } = histogram;
  if (open.watchedMs <= 0) return histogram;
  const joined = { ...copyOf(histogram), open: NOTHING_OPEN };
  settle(joined, open);
  return joined;
}

/** Share of that hour of the week in which it is online, 0 to 1; of an hour never watched the share of all. */
export function share(histogram: WeekHistogram, hour: number): number {
  const { watchedMs, onlineMs } = known(histogram);
  const watched = watchedMs[hour] ?? 0;
  return watched > 0 ? onlineMs[hour]! / watched : onlineShare(histogram);
}

/** Share of the time watched in which it was online, 0 to 1; 0 when it was never watched. */
export function onlineShare(histogram: WeekHistogram): number {
  const { watchedMs, onlineMs } = known(histogram);
  const watched = sum(watchedMs);
  return watched > 0 ? sum(onlineMs) / watched : 0;
}

/** The share of each hour of the week; empty before a week was watched in all. */
export function weekShares(histogram: WeekHistogram): readonly number[] {
  const once = WEIGHT_MAX_MS * (1 - Math.exp(-HOUR_MS / WEIGHT_MAX_MS));
  // A little less, since what is kept in bytes is rounded.
  return sum(known(histogram).watchedMs) < 0.97 * HOURS_PER_WEEK * once ? [] : allShares(histogram);
}

/** Of the time in which `a` is online, the share in which `b` is, too; 0 when `a` never is. For backup: ours first. */
export function overlap(a: WeekHistogram, b: WeekHistogram): number {
  const ours = allShares(a);
  const theirs = allShares(b);
  const online = sum(ours);
  return online > 0 ? sum(ours.map((own, hour) => own * theirs[hour]!)) / online : 0;
}

/** By hour of the week the chance that nobody of them is online; 1 for none. */
export function uncovered(list: readonly WeekHistogram[]): Float64Array {
  const nobody = new Float64Array(HOURS_PER_WEEK).fill(1);
  for (const histogram of list) {
    const shares = allShares(histogram);
    for (let hour = 0; hour < HOURS_PER_WEEK; hour++) nobody[hour]! *= 1 - shares[hour]!;
  }
  return nobody;
}

/**
 * Share of the week in which somebody is online: one more, or those who leave `nobody` to be so. For restore: no hour without anybody.
 * @param more its hours, or the share of its time online when no more is known
 */
export function spread(nobody: Float64Array, more: WeekHistogram | number): number {
  if (typeof more === 'number') return 1 - ((1 - more) * sum(nobody)) / HOURS_PER_WEEK;
  const shares = allShares(more);
  return 1 - sum(nobody.map((chance, hour) => chance * (1 - shares[hour]!))) / HOURS_PER_WEEK;
}

function allShares(histogram: WeekHistogram): number[] {
  const { watchedMs, onlineMs } = known(histogram);
  const overall = onlineShare(histogram);
  return Array.from(watchedMs, (watched, hour) => (watched > 0 ? onlineMs[hour]! / watched : overall));
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

/** Version, for each hour a byte of weight and one of share, then the open hour: its number, milliseconds watched and online. */
const ENCODED_BYTES = 1 + 2 * HOURS_PER_WEEK + 12;
const OPEN_OFFSET = 1 + 2 * HOURS_PER_WEEK;
const VERSION = 1;

/** Weights are kept as logarithms: 255 stands for WEIGHT_MAX_MS, 16 less for half of it, 0 for never watched. */
const WEIGHT_STEPS_PER_HALVING = 16;
const WEIGHT_STEPS_MAX = 255;
const SHARE_STEPS = 255;

/**
 * 349 bytes: shares to 1/510, weights to 2.2 %, an hour watched for less than half a second counts as never; the open hour to a
 * millisecond, so that what is learned minute by minute and kept in bytes between is not rounded away.
 */
export function encodeWeek(histogram: WeekHistogram): Bytes {
  const bytes = new Uint8Array(ENCODED_BYTES);
  bytes[0] = VERSION;
  for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
    const watched = histogram.watchedMs[hour]!;
    if (watched <= 0) continue;
    const halvings = Math.log2(WEIGHT_MAX_MS / watched);
    const step = Math.round(WEIGHT_STEPS_MAX - WEIGHT_STEPS_PER_HALVING * halvings);
    if (step <= 0) continue;
    bytes[1 + 2 * hour] = Math.min(WEIGHT_STEPS_MAX, step);
    bytes[2 + 2 * hour] = Math.round((SHARE_STEPS * histogram.onlineMs[hour]!) / watched);
  }
  const view = new DataView(bytes.buffer, OPEN_OFFSET);
  view.setInt32(0, histogram.open.hour);
  view.setUint32(4, Math.round(histogram.open.watchedMs));
  view.setUint32(8, Math.round(histogram.open.onlineMs));
  return bytes;
}

/** @throws RoostError 'malformed' for another length or version, a share of an hour never watched, an open hour above an hour */
export function decodeWeek(bytes: Uint8Array): WeekHistogram {
  if (bytes.length !== ENCODED_BYTES) {
    throw new RoostError('malformed', `a week must be ${ENCODED_BYTES} bytes, got ${bytes.length}`);
  }
  const version = bytes[0]!;
  if (version !== VERSION) {
    throw new RoostError('malformed', `a week must have version ${VERSION}, got ${version}`);
  }
  const watchedMs = new Float64Array(HOURS_PER_WEEK);
  const onlineMs = new Float64Array(HOURS_PER_WEEK);
  for (let hour = 0; hour < HOURS_PER_WEEK; hour++) {
    const step = bytes[1 + 2 * hour]!;
    const steps = bytes[2 + 2 * hour]!;
    if (step === 0) {
      if (steps === 0) continue;
      throw new RoostError(
        'malformed',
        `hour ${hour} of a week must have share 0 unless watched, got ${steps}`,
      );
    }
    watchedMs[hour] = WEIGHT_MAX_MS * 2 ** ((step - WEIGHT_STEPS_MAX) / WEIGHT_STEPS_PER_HALVING);
    onlineMs[hour] = (watchedMs[hour]! * steps) / SHARE_STEPS;
  }
  return { watchedMs, onlineMs, open: decodeOpen(bytes) };
}

function decodeOpen(bytes: Uint8Array): OpenHour {
  const view = new DataView(bytes.buffer, bytes.byteOffset + OPEN_OFFSET);
  const open = { hour: view.getInt32(0), watchedMs: view.getUint32(4), onlineMs: view.getUint32(8) };
  if (open.watchedMs > HOUR_MS || open.onlineMs > open.watchedMs) {
    throw new RoostError(
      'malformed',
      `the open hour of a week must be ${HOUR_MS} ms at most, online no longer than watched, got ${open.watchedMs} and ${open.onlineMs}`,
    );
  }
  return open;
}
