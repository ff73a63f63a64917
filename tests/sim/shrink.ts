/**
 * A smaller list of faults that still fails: delta debugging (Zeller's ddmin). Tries parts, then the rest without each part, in ever
 * smaller parts. What it returns fails, and fails no more without any one part of the last size tried.
 * @param fails runs with these faults alone and tells whether the run failed
 * @param runsMax runs at most; the best list so far is returned when they are used up
 */
export async function shrink(
  faults: readonly number[],
  fails: (faults: readonly number[]) => Promise<boolean>,
  runsMax: number,
): Promise<readonly number[]> {
  let smallest = faults;
  let parts = 2;
  let runs = 0;
  const tried = async (candidate: readonly number[]): Promise<boolean> => {
    runs++;
    return fails(candidate);
  };
  if (await tried([])) return [];
  while (smallest.length >= 2 && runs < runsMax) {
    const size = Math.ceil(smallest.length / parts);
    const starts = Array.from({ length: Math.ceil(smallest.length / size) }, (_, i) => i * size);
    const current = smallest;
    const candidates = [
      ...starts.map((start) => current.slice(start, start + size)),
      ...(starts.length > 2
        ? starts.map((start) => [...current.slice(0, start), ...current.slice(start + size)])
        : []),
    ];
    let found: readonly number[] | undefined;
    for (const candidate of candidates) {
      if (runs >= runsMax) break;
      if (await tried(candidate)) {
        found = candidate;
        break;
      }
    }
    if (found !== undefined) {
      parts = found.length <= size ? 2 : Math.max(parts - 1, 2);
      smallest = found;
    } else if (size === 1) break;
    else parts = Math.min(smallest.length, 2 * parts);
  }
  return smallest;
}
