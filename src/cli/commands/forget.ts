import type { KeepRules } from '../../agent/api.ts';
import { RoostError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { count, formatBytes } from '../format.ts';
import { requireMember } from '../membership.ts';
import { parseCount, stringValue } from '../values.ts';

const RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

export const forget: Command = {
  name: 'forget',
  usage: RULES.map((rule) => `[--keep-${rule} N]`).join(' '),
  summary: 'drop the snapshots that no rule keeps and release their space',
  options: Object.fromEntries(RULES.map((rule) => [`keep-${rule}`, { type: 'string' as const }])),
  positionals: [0, 0],
  shareable: true,
  async run({ values, home, output, agents }) {
    const keep: KeepRules = Object.fromEntries(
      RULES.flatMap((rule) => {
        const text = stringValue(values, `keep-${rule}`);
        return text === undefined ? [] : [[rule, parseCount(`keep-${rule}`, text, 1)]];
      }),
    );
    if (Object.keys(keep).length === 0) {
      throw new RoostError(
        'usage',
        'forget needs at least one rule, such as --keep-daily 7: without it nothing would be kept',
      );
    }
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const { forgotten, releasedBytes } = await agent.forget(keep);
        output.result(
          { event: 'done', forgotten, releasedBytes },
          `Forgot ${count(forgotten.length, 'snapshot')}; ${formatBytes(releasedBytes)} released.`,
        );
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};
