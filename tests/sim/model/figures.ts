import { DAYS_PER_YEAR } from '../../../src/core/placement/durability.ts';

const HOURS_PER_YEAR = DAYS_PER_YEAR * 24;
const MONTHS_PER_YEAR = 12;

/** Hours that are told apart exactly up to here; longer ones only as the greatest. */
const BINS_PER_HOUR = 4;
const BINNED_HOURS = 2000;

/** How long something took, many times: greatest, mean and percentiles to a quarter of an hour. */
export class Durations {
  readonly #bins = new Float64Array(BINS_PER_HOUR * BINNED_HOURS + 1);
  #count = 0;
  #sum = 0;
  #max = 0;

  add(hours: number): void {
    this.#bins[Math.min(this.#bins.length - 1, Math.floor(hours * BINS_PER_HOUR))]!++;
    this.#count++;
    this.#sum += hours;
    this.#max = Math.max(this.#max, hours);
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p99: this.#p99(),
      max: this.#max,
    };
  }

  #p99(): number {
    let seen = 0;
    for (let bin = 0; bin < this.#bins.length - 1; bin++) {
      seen += this.#bins[bin]!;
      if (seen > 0 && seen >= 0.99 * this.#count) return Math.min(this.#max, (bin + 1) / BINS_PER_HOUR);
    }
    return this.#max;
  }
}

/** Hours. */
export interface DurationSummary {
  readonly count: number;
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/** What one or more runs add up to. */
export class Figures {
  objectHours = 0;
  losses = 0;
  /** objects by the code they were first written with */
  readonly codes = new Map<string, number>();
  /** bytes on disks, all pieces, times hours; in objects */
  storedObjectHours = 0;
  /** read and written by repair, in objects */
  repairObjects = 0;
  /** of these, moved away from members who leave in order */
  movedObjects = 0;
  /** of these, spent on packs with suspects that the trigger did not wait for */
  earlyObjects = 0;
  /** written by repair, in objects */
  writtenObjects = 0;
  repairs = 0;
  pieces = 0;
  /** object hours with fewer than n pieces in existence */
  belowHours = 0;
  samples = 0;
  restorable = 0;
  restorableWithinDay = 0;
  newcomers = 0;
  departures = 0;
  dataLosses = 0;
  suspicions = 0;
  events = 0;
  /** packs not whole when faults stopped, and those that were not until the end of the run */
  settling = 0;
  /** of these, packs that were not within two days */
  settledLate = 0;
  neverSettled = 0;
  /** from the moment the owner knew that pieces are gone until all are back */
  readonly mending = new Durations();
  /** from the moment faults stopped */
  readonly settled = new Durations();
}

/** Everything that is reported of a configuration; bytes and times in the units named. */
export interface ModelFigures {
  readonly objectYears: number;
  readonly losses: number;
  /** losses per object and year that are exceeded with a chance of 5 % at most, for what was seen: 3/N when nothing was lost */
  readonly lossBoundPerObjectYear: number;
  readonly codes: readonly (readonly [code: string, objects: number])[];
  readonly overhead: number;
  readonly repairBytes: number;
  /** bytes moved for repair, per byte of members' data and month */
  readonly repairPerByteMonth: number;
  /** the same per byte on disks, all pieces counted */
  readonly repairPerStoredByteMonth: number;
  /** share of them that only moved pieces away from leaving members */
  readonly movedShare: number;
  /** share of them spent because the trigger did not wait for a suspect's time of grace */
  readonly earlyShare: number;
  /** bytes that repair wrote to new holders, per byte of data and year */
  readonly writtenPerObjectYear: number;
  readonly repairsPerObjectYear: number;
  readonly belowNShare: number;
  readonly restorableNow: number;
  readonly restorableWithinDay: number;
  readonly mendingHours: DurationSummary;
  readonly settledHours: DurationSummary;
  readonly settling: number;
  readonly settledLate: number;
  readonly neverSettled: number;
  readonly departures: number;
  readonly dataLosses: number;
  readonly suspicions: number;
  readonly events: number;
}

export function reportOf(figures: Figures, objectBytes: number): ModelFigures {
  const objectYears = figures.objectHours / HOURS_PER_YEAR;
  const overhead = ratio(figures.storedObjectHours, figures.objectHours);
  const repairPerByteMonth = ratio(figures.repairObjects, objectYears * MONTHS_PER_YEAR);
  return {
    objectYears,
    losses: figures.losses,
    lossBoundPerObjectYear: ratio(poissonUpperBound(figures.losses), objectYears),
    codes: [...figures.codes].sort(([, a], [, b]) => b - a),
    overhead,
    repairBytes: figures.repairObjects * objectBytes,
    repairPerByteMonth,
    repairPerStoredByteMonth: ratio(repairPerByteMonth, overhead),
    movedShare: ratio(figures.movedObjects, figures.repairObjects),
    earlyShare: ratio(figures.earlyObjects, figures.repairObjects),
    writtenPerObjectYear: ratio(figures.writtenObjects, objectYears),
    repairsPerObjectYear: ratio(figures.repairs, objectYears),
    belowNShare: ratio(figures.belowHours, figures.objectHours),
    restorableNow: ratio(figures.restorable, figures.samples),
    restorableWithinDay: ratio(figures.restorableWithinDay, figures.samples),
    mendingHours: figures.mending.summary(),
    settledHours: figures.settled.summary(),
    settling: figures.settling,
    settledLate: figures.settledLate,
    neverSettled: figures.neverSettled,
    departures: figures.departures,
    dataLosses: figures.dataLosses,
    suspicions: figures.suspicions,
    events: figures.events,
  };
}

/** The mean for which seeing `count` or fewer has a chance of 5 % (exact, one-sided): 2.996 for none, the "3" of 3/N. */
export function poissonUpperBound(count: number): number {
  let low = count;
  let high = count + 10 + 4 * Math.sqrt(count + 1);
  for (let i = 0; i < 60; i++) {
    const mean = (low + high) / 2;
    let term = Math.exp(-mean);
    let sum = term;
    for (let j = 1; j <= count; j++) {
      term *= mean / j;
      sum += term;
    }
    // Beyond some 700 the first term is 0; there the normal bound is as good.
    if (mean > 700) return count + 1.645 * Math.sqrt(count) + 1.5;
    if (sum > 0.05) low = mean;
    else high = mean;
  }
  return high;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
