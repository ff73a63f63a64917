import { createAgent } from '../agent/agent.ts';
import type { AgentApi } from '../agent/api.ts';
import { createNodePlatform } from '../adapters/nodejs/platform.ts';
import type { Agents, OpenOptions } from './command.ts';
import { stderrLog } from './stderr-log.ts';
import { DEFAULT_BROKER, loadSettings, saveSettings } from './settings.ts';

/** Agents that live in this process for as long as one piece of work. */
export function nodeAgents(share: Agents['share']): Agents {
  return {
    use: (home, work, options = {}) => useAgent(home, work, options),
    share,
  };
}

async function useAgent<Result>(
  home: string,
  work: (agent: AgentApi) => Promise<Result>,
  { broker, online }: OpenOptions,
): Promise<Result> {
  const kept = (await loadSettings(home))?.broker;
  const address = broker ?? kept ?? DEFAULT_BROKER;
  const platform = await createNodePlatform({ home, broker: address, log: stderrLog() });
  try {
    const agent = await createAgent(platform);
    try {
      const member = agent.state.phase === 'member';
      // A member's broker changes with what succeeds only: what is refused must not take it away from its partners.
      if (address !== kept && !member) await saveSettings(home, { broker: address });
      if (online === true && member) await agent.start();
      const result = await work(agent);
      if (address !== kept && member) await saveSettings(home, { broker: address });
      return result;
    } finally {
      await agent.stop();
    }
  } finally {
    await platform.close();
  }
}
