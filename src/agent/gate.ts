/** Pause and resume: work passes while it is open. */
export class Gate {
  #closed = false;
  #waiting: (() => void)[] = [];

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  open(): void {
    this.#closed = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  /** Resolves at once while open, else when opened. */
  async pass(): Promise<void> {
    while (this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
