import type { DeviceId } from '../../core/ids.ts';
import type { Stretch, WeekHistogram } from '../../core/placement/schedule.ts';
import { decodeWeek, emptyWeek, encodeWeek, observeWeek } from '../../core/placement/schedule.ts';
import type { OpenCooperation } from '../network/cooperation.ts';

/** The past that is remembered in sums: half of it is older than four weeks. */
const WATCHED_MAX_MS = 56 * 24 * 3_600_000;
/** Looks that follow one another are one stretch of time. */
const SAME_STRETCH_MS = 60_000;

interface Watched {
  week: WeekHistogram;
  watchedMs: number;
  onlineMs: number;
  /** seen since the last `save` and not yet in the histogram */
  stretches: Stretch[];
}

/** When partners are online, learned by looking. Kept in memory, and put on record by `save`. */
export class Presence {
  readonly #cooperation: OpenCooperation;
  readonly #watched = new Map<DeviceId, Watched>();

  constructor(cooperation: OpenCooperation) {
    this.#cooperation = cooperation;
  }

  /**
   * Notes whether a partner was online in the time that has just passed. Not connected and not listed by the broker as online
   * counts as offline; while the broker is away, nothing is known of who is not connected.
   */
  note(
    device: DeviceId,
    look: { readonly now: number; readonly passed: number; readonly reached: boolean },
  ): void {
    const { now, passed, reached } = look;
    const listed = reached ? undefined : this.#cooperation.listed(device);
    if (passed <= 0 || (!reached && (!this.#cooperation.inReach || listed === undefined))) return;
    const online = reached || listed?.online === true;
    const watched = this.#of(device);
    const last = watched.stretches.at(-1);
    if (last?.online === online && Math.abs(last.toMs - (now - passed)) < SAME_STRETCH_MS)
      watched.stretches[watched.stretches.length - 1] = { ...last, toMs: now };
    else watched.stretches.push({ fromMs: now - passed, toMs: now, online });
    const keep = watched.watchedMs > WATCHED_MAX_MS ? WATCHED_MAX_MS / watched.watchedMs : 1;
    watched.watchedMs = watched.watchedMs * keep + passed;
    watched.onlineMs = watched.onlineMs * keep + (online ? passed : 0);
  }

  save(): void {
    for (const [device, watched] of this.#watched) {
      if (watched.stretches.length === 0) continue;
      watched.week = observeWeek(watched.week, watched.stretches.splice(0));
      const { week, watchedMs, onlineMs } = watched;
      this.#cooperation.records.note(device, { hours: encodeWeek(week), watchedMs, onlineMs });
    }
    this.#cooperation.records.save();
  }

  #of(device: DeviceId): Watched {
    let watched = this.#watched.get(device);
    if (watched === undefined) {
      const { hours, watchedMs, onlineMs } = this.#cooperation.records.get(device);
      const week = hours.length === 0 ? emptyWeek() : decodeWeek(hours);
      watched = { week, watchedMs, onlineMs, stretches: [] };
      this.#watched.set(device, watched);
    }
    return watched;
  }
}
