/** Lets at most `limit` tasks run at once; the rest wait in order. */
export class Limiter {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  /** Resolves when a place is free, holding nothing: for a producer that waits before it makes more. */
  async ready(): Promise<void> {
    await this.#enter();
    this.#leave();
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}

/** Maps with at most `limit` calls under way; results in order. The first failure rejects after running calls have ended. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await map(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}

/** As `mapLimited`, with items of at most `total` weight under way, or a single one that is heavier. They begin in their order. */
export async function mapWeighted<T, R>(
  items: readonly T[],
  {
    limit,
    total,
    weigh,
  }: { readonly limit: number; readonly total: number; readonly weigh: (item: T) => number },
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const waiting: { readonly weight: number; readonly go: () => void }[] = [];
  let load = 0;
  const fits = (weight: number): boolean => load === 0 || load + weight <= total;
  const enter = async (weight: number): Promise<void> => {
    if (waiting.length > 0 || !fits(weight)) await new Promise<void>((go) => waiting.push({ weight, go }));
    else load += weight;
  };
  const leave = (weight: number): void => {
    load -= weight;
    for (let [next] = waiting; next !== undefined && fits(next.weight); [next] = waiting) {
      waiting.shift();
      load += next.weight;
      next.go();
    }
  };
  return mapLimited(items, limit, async (item, index) => {
    const weight = weigh(item);
    await enter(weight);
    try {
      return await map(item, index);
    } finally {
      leave(weight);
    }
  });
}
