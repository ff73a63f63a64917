import { formatShare } from '../text/format.ts';
import { text } from '../text/text.ts';

const DAY_HOURS = 24;
const WEEK_HOURS = 7 * DAY_HOURS;
const WORKDAYS = 5;
/** From this share of an hour on it counts as one in which the partner is there. */
const THERE = 0.5;
const ALWAYS = 0.9;
const SELDOM = 0.05;
/** More stretches in a day than this are no habit that a sentence could tell. */
const SPANS_MAX = 2;

/**
 * The week as this place's clock shows it.
 * @param schedule share of each hour of the week, UTC, Monday first
 * @param offsetMinutes UTC less local time, as Date.getTimezoneOffset() gives it; halves of an hour are rounded away
 * @returns the same hours, local; empty when nothing is known
 */
export function localWeek(schedule: readonly number[], offsetMinutes: number): readonly number[] {
  if (schedule.length !== WEEK_HOURS) return [];
  const shift = Math.round(offsetMinutes / 60);
  return schedule.map((_, hour) => schedule[(hour + shift + WEEK_HOURS) % WEEK_HOURS] ?? 0);
}

const mean = (shares: readonly number[]): number =>
  shares.reduce((sum, share) => sum + share, 0) / shares.length;

/** Mean of each hour of the day over some days. */
function dayOf(days: readonly (readonly number[])[]): readonly number[] {
  return Array.from({ length: DAY_HOURS }, (_, hour) => mean(days.map((day) => day[hour] ?? 0)));
}

/** "8–18", "8–12, 20–2", "all day"; '' when it is never there, undefined when the stretches are too many to tell. */
function spansOf(day: readonly number[]): string | undefined {
  const there = (hour: number): boolean => (day[(hour + DAY_HOURS) % DAY_HOURS] ?? 0) >= THERE;
  const starts = day.map((_, hour) => hour).filter((hour) => there(hour) && !there(hour - 1));
  if (starts.length === 0) return there(0) ? text.partners.hours.allDay : '';
  if (starts.length > SPANS_MAX) return undefined;
  return starts
    .map((start) => {
      let end = start;
      while (there(end)) end++;
      return `${start}–${end > DAY_HOURS ? end - DAY_HOURS : end}`;
    })
    .join(', ');
}

/** A partner's habits in one sentence without its full stop; undefined before a week was watched. */
export function hoursSentence(week: readonly number[]): string | undefined {
  if (week.length !== WEEK_HOURS) return undefined;
  const words = text.partners.hours;
  const share = mean(week);
  if (share >= ALWAYS) return words.always;
  if (share < SELDOM) return words.seldom;
  const days = Array.from({ length: 7 }, (_, day) => week.slice(day * DAY_HOURS, (day + 1) * DAY_HOURS));
  const workdays = spansOf(dayOf(days.slice(0, WORKDAYS)));
  const weekends = spansOf(dayOf(days.slice(WORKDAYS)));
  if (workdays === undefined || weekends === undefined || workdays + weekends === '') {
    return words.scattered(formatShare(share));
  }
  if (workdays === weekends) return words.everyDay(workdays);
  if (weekends === '') return words.weekdays(workdays);
  return workdays === '' ? words.weekends(weekends) : words.both(workdays, weekends);
}
