/** The middle of the runs; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Wall-clock seconds of one piece of work. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** One row of the table: what was measured against what, megabytes a second of each run. */
export interface Comparison {
  readonly what: string;
  readonly reference: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

const round = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(1));

/** A Markdown table of ratios. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ what, reference, ours, theirs }) => {
    const ratio = median(ours) / median(theirs);
    return `| ${what} | ${reference} | ${round(median(ours))} | ${round(median(theirs))} | **${ratio.toFixed(2)}** | ${ours.length} |`;
  });
  return [
    '| what | reference | Roost MB/s | reference MB/s | ratio | runs |',
    '| --- | --- | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

/** Puts text between the two markers of a part of a document. @throws Error when they are not there */
export function betweenMarkers(document: string, part: string, text: string): string {
  const begin = `<!-- ${part}:begin -->`;
  const end = `<!-- ${part}:end -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 || to < from) throw new Error(`the document has no ${begin} … ${end}`);
  return `${document.slice(0, from + begin.length)}\n\n${text}\n\n${document.slice(to)}`;
}
