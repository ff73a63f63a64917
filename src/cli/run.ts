import { VERSION } from '../adapters/nodejs/version.ts';
import { RoostError } from '../core/errors.ts';
import { isShareable } from './command.ts';
import type { Agents } from './command.ts';
import { helpText } from './commands.ts';
import { reportFault } from './faults.ts';
import { parseCommandLine, wantsJson } from './invocation.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { createOutput } from './output.ts';
import type { Streams } from './output.ts';
import { forward } from './sharing-client.ts';

/** One command line and its surroundings. */
export interface Call {
  /** after `roost` */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly streams: Streams;
  readonly signal: AbortSignal;
  readonly agents: Agents;
  /** true in a process that serves a home and does this for another process */
  readonly shared: boolean;
}

/** Does what a command line asks and tells every fault. @returns the exit code */
export async function run(call: Call): Promise<number> {
  const { args, cwd, streams, signal, agents } = call;
  const output = createOutput(streams, wantsJson(args), () => performance.now());
  try {
    const request = parseCommandLine(args, cwd, call.env);
    if (request === 'help') {
      streams.out(`${helpText()}\n`);
      return EXIT_DONE;
    }
    if (request === 'version') {
      output.result({ event: 'done', version: VERSION }, `roost ${VERSION}`);
      return EXIT_DONE;
    }
    const { command, values, positionals, home, homeGiven } = request;
    const shareable = isShareable(command, values);
    if (call.shared && !shareable) {
      throw new RoostError('usage', `${command.name} cannot be done by a serving process`);
    }
    if (!call.shared && shareable) {
      const code = await forward(home, { args, cwd, columns: streams.columns }, streams, signal);
      if (code !== undefined) return code;
    }
    return await command.run({ values, positionals, home, homeGiven, cwd, output, signal, agents });
  } catch (error) {
    return reportFault(output, error);
  } finally {
    output.settle();
  }
}
