import { describe, expect, it } from 'vitest';
import { hoursSentence, localWeek } from '../../../src/app/sentences/hours.ts';

const week = (there: (day: number, hour: number) => number): readonly number[] =>
  Array.from({ length: 168 }, (_, hour) => there(Math.floor(hour / 24), hour % 24));
const between = (hour: number, from: number, to: number): number => (hour >= from && hour < to ? 0.8 : 0.1);

describe('a week in words', () => {
  it.each([
    [week((day, hour) => (day < 5 ? between(hour, 8, 18) : 0)), 'Mostly online 8–18 on weekdays'],
    [week((day, hour) => (day < 5 ? 0.1 : between(hour, 10, 22))), 'Mostly online 10–22 at weekends'],
    [week((_, hour) => between(hour, 20, 23)), 'Mostly online 20–23 every day'],
    [
      week((day, hour) => between(hour, day < 5 ? 17 : 9, 23)),
      'Mostly online 17–23 on weekdays and 9–23 at weekends',
    ],
    [week((_, hour) => (hour >= 22 || hour < 4 ? 1 : 0)), 'Mostly online 22–4 every day'],
    [
      week((_, hour) => Math.max(between(hour, 6, 9), between(hour, 18, 24))),
      'Mostly online 6–9, 18–24 every day',
    ],
    [week((day) => (day < 5 ? 1 : 0)), 'Mostly online all day on weekdays'],
    [week(() => 0.97), 'Online nearly all the time'],
    [week(() => 0.02), 'Seldom online'],
    [week(() => 0.3), 'Online at changing hours, about 30 % of the time'],
    [week((_, hour) => (hour % 6 < 3 ? 1 : 0)), 'Online at changing hours, about 50 % of the time'],
  ])('is told as its habit', (schedule, sentence) => {
    expect(hoursSentence(schedule)).toBe(sentence);
  });

  it('is nothing before there is a week', () => {
    expect(hoursSentence([])).toBeUndefined();
    expect(hoursSentence(localWeek([1, 1], 0))).toBeUndefined();
  });

  it('moves with the clock of the place, over the ends of the week too', () => {
    // Monday 00–01 UTC: an hour later in Berlin, Sunday evening in New York, Monday morning in Tokyo.
    const utc = week((day, hour) => (day === 0 && hour === 0 ? 1 : 0));
    const at = (offsetMinutes: number): number => localWeek(utc, offsetMinutes).indexOf(1);
    expect([at(0), at(-60), at(300), at(-540)]).toEqual([0, 1, 6 * 24 + 19, 9]);
  });
});
