import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import type { Line } from './roost.ts';
import type { Workspace } from './workspace.ts';

const SCRIPT = join(import.meta.dirname, 'sped-agent.ts');

/** Time of all devices of a scenario: it goes on as it does, and all of them jump together. */
export class SpedTime {
  readonly #agents = new Set<SpedAgent>();
  readonly #pages = new Set<Page>();
  #ahead = 0;

  /** Milliseconds that the devices are ahead of this machine. */
  get ahead(): number {
    return this.#ahead;
  }

  add(agent: SpedAgent): void {
    this.#agents.add(agent);
  }

  /**
   * Puts a page's time under control; before it is opened. Its timers are its own then: those of the worker are out of reach, and the
   * app goes on without when there is none.
   */
  async rule(page: Page): Promise<void> {
    await page.clock.install();
    await page.addInitScript(() => {
      const Real = globalThis.Worker;
      globalThis.Worker = class extends Real {
        constructor(url: string | URL, options?: WorkerOptions) {
          if (options?.name === 'roost-timers') throw new Error('no worker for timers');
          super(url, options);
        }
      };
    });
    this.#pages.add(page);
  }

  /** Lets `ms` pass at once on every device that is on. */
  async pass(ms: number): Promise<void> {
    this.#ahead += ms;
    const running = [...this.#agents].filter(({ running }) => running);
    await Promise.all([
      ...[...this.#pages].map((page) => page.clock.fastForward(ms)),
      ...running.map((agent) => agent.jump(ms)),
    ]);
  }
}

export interface SpedAgentOptions {
  readonly workspace: Workspace;
  readonly time: SpedTime;
  readonly url: string;
  readonly name: string;
  /** bytes given to others */
  readonly offer: number;
  /** left out for the one that founds the cooperative */
  readonly invite?: string;
}

/** A device under Node.js in a process of its own, on sped-up time. */
export class SpedAgent {
  readonly home: string;
  readonly #options: SpedAgentOptions;
  #process: { send(line: string): Promise<Line>; end(signal: NodeJS.Signals): Promise<void> } | undefined;
  #ready: Line = {};

  constructor(options: SpedAgentOptions) {
    this.#options = options;
    this.home = options.workspace.path(options.name);
    options.time.add(this);
    options.workspace.onClose(() => this.kill());
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  get device(): string {
    return this.#ready['device'];
  }

  /** Link into the cooperative that it founded. */
  get invite(): string {
    return this.#ready['invite'];
  }

  /** Starts it, at the time that the others have, and waits until it holds pieces. */
  async start(): Promise<void> {
    const { url, name, offer, invite = '', time } = this.#options;
    const args = [SCRIPT, this.home, url, name, String(offer), String(time.ahead)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit').then(() => {
      this.#process = undefined;
    });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const send = async (line: string): Promise<Line> => {
      child.stdin.write(`${line}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`${name} ended instead of answering "${line}"`);
      return JSON.parse(value) as Line;
    };
    child.stdin.on('error', () => undefined);
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      child.kill(signal);
      await ended;
    };
    this.#process = { send, end };
    const ready = await send(invite);
    this.#ready = { ...ready, invite: ready['invite'] || this.#ready['invite'] };
  }

  async jump(ms: number): Promise<void> {
    await this.#process?.send(`jump ${ms}`);
  }

  /** SIGKILL, and waits for the end. */
  async kill(): Promise<void> {
    await this.#process?.end('SIGKILL');
  }
}
