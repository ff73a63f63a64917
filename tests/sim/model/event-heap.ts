/** Events by time, in arrays that are kept: no event makes garbage. Equal times come out in an order that only the pushes decide. */
export class EventHeap {
  #times = new Float64Array(1024);
  /** kind, subject and serial of each event, side by side */
  #facts = new Int32Array(3 * 1024);
  #size = 0;

  /** Of the event that `pop` took last. */
  time = 0;
  kind = 0;
  subject = 0;
  serial = 0;

  get size(): number {
    return this.#size;
  }

  push(time: number, kind: number, subject: number, serial: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const times = this.#times;
    const facts = this.#facts;
    let at = this.#size++;
    while (at > 0) {
      const above = (at - 1) >> 2;
      if (times[above]! <= time) break;
      this.#copy(above, at);
      at = above;
    }
    times[at] = time;
    facts[3 * at] = kind;
    facts[3 * at + 1] = subject;
    facts[3 * at + 2] = serial;
  }

  /** Takes the earliest event into the fields; false when there is none. */
  pop(): boolean {
    if (this.#size === 0) return false;
    const times = this.#times;
    const facts = this.#facts;
    this.time = times[0]!;
    this.kind = facts[0]!;
    this.subject = facts[1]!;
    this.serial = facts[2]!;
    const last = --this.#size;
    const time = times[last]!;
    let at = 0;
    for (;;) {
      const first = 4 * at + 1;
      if (first >= last) break;
      let least = first;
      const end = Math.min(first + 4, last);
      for (let child = first + 1; child < end; child++) if (times[child]! < times[least]!) least = child;
      if (times[least]! >= time) break;
      this.#copy(least, at);
      at = least;
    }
    this.#copy(last, at);
    return true;
  }

  #copy(from: number, to: number): void {
    const facts = this.#facts;
    this.#times[to] = this.#times[from]!;
    facts[3 * to] = facts[3 * from]!;
    facts[3 * to + 1] = facts[3 * from + 1]!;
    facts[3 * to + 2] = facts[3 * from + 2]!;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
    const facts = new Int32Array(2 * this.#facts.length);
    facts.set(this.#facts);
    this.#facts = facts;
  }
}
