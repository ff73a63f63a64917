/** Numbers of faults as text: `0-4,7,9-12`, or `none`. */
export function formatNumbers(numbers: readonly number[]): string {
  if (numbers.length === 0) return 'none';
  const runs: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** @throws Error for text that is no such list */
export function parseNumbers(text: string): ReadonlySet<number> {
  if (text === 'none') return new Set();
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const found = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (found === null) throw new Error(`--faults must be like 0-4,7 or none, got "${part}"`);
    const first = Number(found[1]);
    for (let number = first; number <= Number(found[2] ?? first); number++) numbers.add(number);
  }
  return numbers;
}
