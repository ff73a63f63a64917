import type { AgentApi } from '../../src/agent/api.ts';

/** What a wait ends with when the device's program ended meanwhile: nothing of that run matters any more. */
export class ProgramEnded extends Error {
  constructor() {
    super('the program of the device has ended');
  }
}

/** One run of a device's program, from going on to going off. What it waits for ends with it. */
export class RunOfProgram {
  agent: AgentApi | undefined;
  readonly #ended: Promise<never>;
  #end: (error: Error) => void = () => undefined;
  #alive = true;

  constructor() {
    this.#ended = new Promise((_resolve, reject) => (this.#end = reject));
    this.#ended.catch(() => undefined);
  }

  get alive(): boolean {
    return this.#alive;
  }

  end(): void {
    this.#alive = false;
    this.#end(new ProgramEnded());
  }

  /** The promise's result, as long as the program runs. @throws ProgramEnded */
  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#ended]);
  }
}
