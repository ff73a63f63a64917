import { RoostError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { requireMember } from '../membership.ts';
import { nullSink } from '../null-sink.ts';
import { reportRestore } from '../restoring.ts';
import { findSnapshot } from '../snapshots.ts';

export const check: Command = {
  name: 'check',
  usage: '--read-all [SNAPSHOT]',
  summary: 'prove that a snapshot (the latest) can be restored, by fetching and checking all of it',
  options: { 'read-all': { type: 'boolean' } },
  positionals: [0, 1],
  shareable: true,
  async run({ values, positionals, home, output, signal, agents }) {
    if (values['read-all'] !== true) {
      throw new RoostError('usage', 'check needs --read-all, which fetches everything from the partners');
    }
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const snapshot = await findSnapshot(agent, positionals[0] ?? 'latest');
        const report = await agent.restore(snapshot.snapshot, {
          sink: nullSink(),
          paths: [],
          signal,
          onProgress: (progress) => output.progress({ ...progress, phase: 'checking' }),
        });
        return reportRestore(output, 'Proved', report);
      },
      { online: true },
    );
  },
};
