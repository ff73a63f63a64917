import { RoostError } from '../../core/errors.ts';
import { reportCheck } from '../checking.ts';
import type { Command } from '../command.ts';
import { requireMember } from '../membership.ts';
import { nullSink } from '../null-sink.ts';
import { reportRestore } from '../restoring.ts';
import { findSnapshot } from '../snapshots.ts';

export const check: Command = {
  name: 'check',
  usage: '[--read-all [SNAPSHOT]]',
  summary:
    'have every partner prove that it keeps your pieces; with --read-all fetch and check all of a snapshot (the latest)',
  options: { 'read-all': { type: 'boolean' } },
  positionals: [0, 1],
  shareable: true,
  async run({ values, positionals, home, output, signal, agents }) {
    const readAll = values['read-all'] === true;
    const [name = 'latest'] = positionals;
    if (!readAll && positionals.length > 0) {
      throw new RoostError('usage', `a snapshot is checked with --read-all: roost check --read-all ${name}`);
    }
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        if (!readAll) {
          const report = await agent.check({ signal, onProgress: (progress) => output.progress(progress) });
          return reportCheck(output, report);
        }
        const snapshot = await findSnapshot(agent, name);
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
