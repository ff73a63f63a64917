export interface Timer {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
  cancelled: boolean;
}

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence);

/** Timers in the order of their times, those of one time in the order they were set (a binary heap). */
export class TimerQueue {
  readonly #heap: Timer[] = [];
  #sequence = 0;

  add(at: number, callback: () => void): Timer {
    const timer: Timer = { at, sequence: this.#sequence++, callback, cancelled: false };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
    return timer;
  }

  /** The next timer that was not cancelled, left in its place. */
  peek(): Timer | undefined {
    while (this.#heap[0]?.cancelled === true) this.#take();
    return this.#heap[0];
  }

  /** The next timer that was not cancelled, taken out. */
  take(): Timer | undefined {
    return this.peek() === undefined ? undefined : this.#take();
  }

  clear(): void {
    this.#heap.length = 0;
  }

  #take(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
