import type { ParseArgsOptionsConfig } from 'node:util';
import type { AgentApi } from '../agent/api.ts';
import type { Output } from './output.ts';

/** Option values as node:util parseArgs gives them. */
export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** One call of one command. */
export interface Invocation {
  readonly values: Values;
  readonly positionals: readonly string[];
  /** directory of this device's state */
  readonly home: string;
  /** false when it is the default one because none was named */
  readonly homeGiven: boolean;
  /** relative paths are relative to this: of the caller, also when a serving process does the work */
  readonly cwd: string;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly agents: Agents;
}

/** How a command comes by an agent: opened for it and closed after it, or the one of a serving process. */
export interface Agents {
  use<Result>(
    home: string,
    work: (agent: AgentApi) => Promise<Result>,
    options?: OpenOptions,
  ): Promise<Result>;
  /** Lets other processes of this user give commands to this agent, until `close`. */
  share(home: string, agent: AgentApi, signal: AbortSignal): Promise<{ close(): Promise<void> }>;
}

export interface OpenOptions {
  /** broker to keep in the home's settings; the one kept there when not given */
  readonly broker?: string;
  /** connects to partners and holds their pieces while `work` runs */
  readonly online?: boolean;
}

export interface Command {
  readonly name: string;
  /** arguments, as shown by `roost help` */
  readonly usage: string;
  readonly summary: string;
  readonly options: ParseArgsOptionsConfig;
  /** smallest and largest number of positional arguments */
  readonly positionals: readonly [number, number];
  /** whether a process that serves this home can do it on behalf of another */
  readonly shareable: boolean | ((values: Values) => boolean);
  /** @returns the exit code */
  run(invocation: Invocation): Promise<number>;
}

/** Whether this call of a command may be done by the process that serves its home. */
export function isShareable({ shareable }: Command, values: Values): boolean {
  return typeof shareable === 'boolean' ? shareable : shareable(values);
}
