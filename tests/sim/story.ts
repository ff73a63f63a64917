/** A table of a story, as it is printed. */
export interface StoryTable {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, value: string])[];
}

/** What came of a story. */
export interface StoryResult {
  /** SHA-256 of everything that went over the wire; the same for the same seed */
  readonly traceHash: string;
  readonly table: StoryTable;
  /** SVG by file name */
  readonly plots?: ReadonlyMap<string, string>;
  /** laws that did not hold; empty when all did */
  readonly failures: readonly string[];
}

/**
 * A scenario with a plot: a small cooperative in which certain members lie, or certain things happen at certain moments, and what
 * everybody must have done about it by when. Scenarios without a plot (scenario.ts) are about many and about chance.
 */
export interface Story {
  readonly name: string;
  /** one sentence */
  readonly describe: string;
  tell(seed: string): Promise<StoryResult>;
}
