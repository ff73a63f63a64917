import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OBSERVED_GAP_MAX_MS, clockJumpMs, observedMs } from '../../../src/core/partnership/observed-time.ts';
import type { Standing, StandingEvent } from '../../../src/core/partnership/state.ts';
import { FRESH_STANDING, graceLeftMs, nextStanding } from '../../../src/core/partnership/state.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TERMS = { patienceMs: DAY, graceMs: 14 * DAY };
const NOW = 1_800_000_000_000;

function after(events: readonly StandingEvent[], from: Standing = FRESH_STANDING): Standing {
  return events.reduce((standing, event) => nextStanding(standing, event, TERMS, NOW), from);
}
const silence = (ms: number): StandingEvent => ({ kind: 'time', observedMs: ms, reached: false });
const days = (count: number): StandingEvent[] => Array.from({ length: count }, () => silence(DAY));

describe('the states of a partner', () => {
  it('suspects after more silence than its kind is used to, and gives it up only after the whole time of grace', () => {
    expect(after([silence(DAY - 1)]).state).toBe('active');
    expect(after([silence(DAY)])).toMatchObject({ state: 'suspect', reason: 'silent' });
    expect(after([...days(1), ...days(13)]).state).toBe('suspect');
    expect(after([...days(1), ...days(14)])).toMatchObject({ state: 'reneged', reason: 'reneged-silent' });
  });

  it('survives a fortnight of absence', () => {
    const back = after([...days(14), { kind: 'contact', owes: false }]);
    expect(back).toMatchObject({ state: 'active', silentMs: 0, graceUsedMs: 0 });
  });

  it('welcomes back who keeps pieces only when it has proved them', () => {
    const suspect = after(days(3));
    const there = after([{ kind: 'contact', owes: true }], suspect);
    expect(there).toMatchObject({ state: 'suspect', silentMs: 0 });
    expect(after([{ kind: 'proof-passed' }], there)).toMatchObject({ state: 'active', graceUsedMs: 0 });
  });

  it('goes on counting grace while a suspect is connected but proves nothing', () => {
    const connected: StandingEvent = { kind: 'time', observedMs: DAY, reached: true };
    const failing = after([{ kind: 'proof-failed' }, ...Array.from({ length: 14 }, () => connected)]);
    expect(failing).toMatchObject({ state: 'reneged', reason: 'reneged-proof' });
  });

  it('is not cleared of wrong bytes by coming back, nor by new terms', () => {
    const events: StandingEvent[] = [
      { kind: 'contact', owes: false },
      { kind: 'agreed' },
      { kind: 'hint', silentMs: 0 },
    ];
    expect(after([{ kind: 'proof-failed' }, ...events])).toMatchObject({
      state: 'suspect',
      reason: 'proof-failed',
    });
  });

  it('takes wrong bytes as graver than silence, and keeps the time of grace running', () => {
    const suspect = after([...days(5), { kind: 'proof-failed' }]);
    expect(suspect).toMatchObject({ state: 'suspect', reason: 'proof-failed', graceUsedMs: 4 * DAY });
  });

  it("takes the broker's word for devices that are never on together, and only to excuse", () => {
    const suspect = after(days(5));
    expect(after([{ kind: 'hint', silentMs: HOUR }], suspect)).toMatchObject({ state: 'active' });
    expect(after([{ kind: 'hint', silentMs: 400 * DAY }], suspect)).toBe(suspect);
  });

  it('keeps evicted and reneged apart, and ends neither without a new agreement', () => {
    const evicted = after([{ kind: 'evicted' }]);
    for (const end of [evicted, after(days(20))]) {
      const later = after([...days(30), { kind: 'contact', owes: false }, { kind: 'proof-passed' }], end);
      expect(later).toBe(end);
      expect(after([{ kind: 'agreed' }], end).state).toBe('active');
    }
    expect(evicted.reason).toBe('evicted');
  });

  it('lets nobody who showed wrong bytes off by saying that all is lost', () => {
    const caught = after([{ kind: 'proof-failed' }]);
    expect(after([{ kind: 'evicted' }], caught)).toMatchObject({ state: 'reneged', reason: 'reneged-proof' });
    const silent = after([{ kind: 'proof-unanswered' }]);
    expect(after([{ kind: 'evicted' }], silent).state).toBe('evicted');
  });

  it('never condemns while no time was observed, whatever the order of events', () => {
    const event = fc.oneof<fc.Arbitrary<StandingEvent>[]>(
      fc.constant<StandingEvent>({ kind: 'contact', owes: false }),
      fc.constant<StandingEvent>({ kind: 'contact', owes: true }),
      fc.constant<StandingEvent>({ kind: 'proof-failed' }),
      fc.constant<StandingEvent>({ kind: 'proof-unanswered' }),
      fc.constant<StandingEvent>({ kind: 'proof-passed' }),
      fc.constant<StandingEvent>({ kind: 'agreed' }),
      fc.integer({ min: -DAY, max: 0 }).map<StandingEvent>(silence),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        expect(after(events).state).not.toBe('reneged');
      }),
    );
  });

  it('needs at least the time of grace between suspicion and the end, whatever the order of events', () => {
    const event = fc.oneof<fc.Arbitrary<StandingEvent>[]>(
      fc.integer({ min: 0, max: 3 * DAY }).map<StandingEvent>(silence),
      fc.constant<StandingEvent>({ kind: 'proof-failed' }),
      fc.constant<StandingEvent>({ kind: 'proof-passed' }),
      fc.constant<StandingEvent>({ kind: 'contact', owes: false }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let standing = FRESH_STANDING;
        let suspectFor = 0;
        for (const next of events) {
          const before = standing;
          standing = nextStanding(standing, next, TERMS, NOW);
          if (standing.state === 'active') suspectFor = 0;
          else if (before.state === 'suspect' && next.kind === 'time') suspectFor += next.observedMs;
          if (standing.state === 'reneged') {
            expect(suspectFor).toBeGreaterThanOrEqual(TERMS.graceMs);
            return;
          }
        }
      }),
    );
  });

  it('tells how much grace is left', () => {
    expect(graceLeftMs(FRESH_STANDING, TERMS)).toBeUndefined();
    expect(graceLeftMs(after(days(5)), TERMS)).toBe(10 * DAY);
  });
});

describe('observed time', () => {
  it('takes the monotonic clock within a run, so that a jump of a year is nothing', () => {
    const before = { wall: NOW, monotonic: 1_000 };
    expect(observedMs(before, { wall: NOW + 365 * DAY, monotonic: 1_000 + HOUR })).toBe(HOUR);
    expect(clockJumpMs(before, { wall: NOW + 365 * DAY, monotonic: 1_000 + HOUR })).toBe(365 * DAY - HOUR);
  });

  it('counts a gap between runs, or a long sleep, as a day at most and never as less than nothing', () => {
    const kept = { wall: NOW, monotonic: undefined };
    expect(observedMs(kept, { wall: NOW + 5 * HOUR, monotonic: 3 })).toBe(5 * HOUR);
    expect(observedMs(kept, { wall: NOW + 400 * DAY, monotonic: 3 })).toBe(OBSERVED_GAP_MAX_MS);
    expect(observedMs(kept, { wall: NOW - 400 * DAY, monotonic: 3 })).toBe(0);
    expect(observedMs({ wall: NOW, monotonic: 0 }, { wall: NOW, monotonic: 90 * DAY })).toBe(
      OBSERVED_GAP_MAX_MS,
    );
  });
});
