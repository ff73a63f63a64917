import type { DeviceId } from '../../core/ids.ts';
import type { WeekHistogram } from '../../core/placement/schedule.ts';
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
  /** seen and not yet in the histogram: it changes with every stretch, not with every look */
  stretch: { readonly from: number; to: number; readonly online: boolean } | undefined;
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
    const { stretch } = watched;
    if (stretch?.online === online && Math.abs(stretch.to - (now - passed)) < SAME_STRETCH_MS)
      stretch.to = now;
    else {
      settle(watched);
      watched.stretch = { from: now - passed, to: now, online };
    }
    const keep = watched.watchedMs > WATCHED_MAX_MS ? WATCHED_MAX_MS / watched.watchedMs : 1;
    watched.watchedMs = watched.watchedMs * keep + passed;
    watched.onlineMs = watched.onlineMs * keep + (online ? passed : 0);
  }

  save(): void {
    for (const [device, watched] of this.#watched) {
      settle(watched);
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
      watched = { week, watchedMs, onlineMs, stretch: undefined };
      this.#watched.set(device, watched);
    }
    return watched;
  }
}

function settle(watched: Watched): void {
  const { stretch, week } = watched;
  if (stretch === undefined) return;
  watched.week = observeWeek(week, stretch.from, stretch.to, stretch.online);
  watched.stretch = undefined;
}
