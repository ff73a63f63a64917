import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Workspace } from './workspace.ts';

const MAIN = join(import.meta.dirname, '../../../src/cli/main.js');
const READY_MS = 60_000;

export type Line = Readonly<Record<string, any>>;

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly Line[];
  /** the result: the last line */
  readonly last: Line;
  readonly stderr: string;
}

/** Starts `roost ARGS --json` as a process of its own. `node` are options of Node.js itself, `env` goes beside the test's own. */
export function spawnRoost(
  home: string,
  args: readonly string[],
  node: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, [...node, MAIN, ...args, '--json', '--home', home], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

/** Waits for a process and reads its lines. */
export async function finished(child: ChildProcess): Promise<Finished> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  return { code, signal, lines, last: lines.at(-1) ?? {}, stderr };
}

/** Runs one command to its end, whatever its exit code. */
export function tryRoost(home: string, ...args: string[]): Promise<Finished> {
  return finished(spawnRoost(home, args));
}

/** Runs one command that has to work, and gives its result. */
export async function roost(home: string, ...args: string[]): Promise<Line> {
  const { code, last, stderr } = await tryRoost(home, ...args);
  if (code !== 0)
    throw new Error(`roost ${args.join(' ')} ended with ${String(code)}: ${JSON.stringify(last)} ${stderr}`);
  return last;
}

/** A process that runs until it is stopped. */
export interface Service {
  readonly ready: Line;
  /** every line so far */
  readonly lines: readonly Line[];
  readonly pid: number;
  readonly running: boolean;
  /** SIGTERM, and waits for the end. */
  stop(): Promise<void>;
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>;
}

/** Starts `roost ARGS` and waits for its ready line. It is stopped with the workspace. */
export async function startService(workspace: Workspace, home: string, ...args: string[]): Promise<Service> {
  const child = spawnRoost(home, args);
  const lines: Line[] = [];
  let stderr = '';
  child.stderr!.on('data', (data) => (stderr += String(data)));
  const ended = once(child, 'exit').then(() => undefined);
  const ready = new Promise<Line>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const parsed = JSON.parse(line) as Line;
      lines.push(parsed);
      if (parsed['event'] === 'ready') resolve(parsed);
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  workspace.onClose(() => end('SIGKILL'));
  const first = await Promise.race([ready, ended, sleep(READY_MS, undefined, { ref: false })]);
  if (first === undefined) {
    throw new Error(`roost ${args.join(' ')} did not get ready: ${JSON.stringify(lines.at(-1))} ${stderr}`);
  }
  return {
    ready: first,
    lines,
    pid: child.pid!,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
