import { run } from '../../../src/cli/run.ts';
import { recordStreams } from './fake-agents.ts';
import type { FakeAgents, Recorded } from './fake-agents.ts';

/** Runs a command line on fake agents, in and for one home. */
export async function callIn(
  home: string,
  agents: FakeAgents,
  args: readonly string[],
  signal = new AbortController().signal,
): Promise<Recorded & { code: number }> {
  const streams = recordStreams();
  const code = await run({
    args,
    cwd: home,
    env: { ROOST_HOME: home },
    streams,
    signal,
    agents,
    shared: false,
  });
  return Object.assign(streams, { code });
}
