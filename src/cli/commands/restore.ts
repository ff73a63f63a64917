import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AgentApi } from '../../agent/api.ts';
import { directorySink } from '../../adapters/nodejs/sink.ts';
import { RoostError } from '../../core/errors.ts';
import type { Command, Invocation } from '../command.ts';
import { requireAccount } from '../membership.ts';
import { reportRestore } from '../restoring.ts';
import { loadSettings } from '../settings.ts';
import { findSnapshot, normalPath } from '../snapshots.ts';
import { parseBroker, readWords, requiredValue, stringValue, stringValues } from '../values.ts';

export const restore: Command = {
  name: 'restore',
  usage: 'SNAPSHOT|latest --to DIR [--path PATH]... [--words-file FILE --broker URL]',
  summary: 'bring files back; with the words and the broker on any machine',
  options: {
    to: { type: 'string' },
    path: { type: 'string', multiple: true },
    'words-file': { type: 'string' },
    broker: { type: 'string' },
  },
  positionals: [1, 1],
  // With words it is a device of its own that restores, not the one that serves this home.
  shareable: (values) => values['words-file'] === undefined,
  async run(invocation) {
    const { values, home, homeGiven, cwd, agents } = invocation;
    const wordsFile = stringValue(values, 'words-file');
    if (wordsFile === undefined) {
      return agents.use(home, (agent) => restoreWith(agent, invocation), { online: true });
    }

    const words = await readWords(cwd, wordsFile);
    const broker = parseBroker(requiredValue(values, 'broker'));
    // A home that holds an account is left alone (the words may be of another one), and one that nobody named is not made.
    const usable = homeGiven && (await loadSettings(home)) === undefined;
    const temporary = usable ? undefined : await mkdtemp(join(tmpdir(), 'roost-restore-'));
    try {
      return await agents.use(
        temporary ?? home,
        async (agent) => {
          await agent.useWords(words);
          await agent.setDeviceLabel(hostname());
          return restoreWith(agent, invocation);
        },
        { broker, online: true },
      );
    } finally {
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    }
  },
};

async function restoreWith(agent: AgentApi, invocation: Invocation): Promise<number> {
  const { values, positionals, cwd, output, signal } = invocation;
  const target = resolve(cwd, requiredValue(values, 'to'));
  requireAccount(agent);
  if (agent.state.phase === 'keys') {
    const recovered = await agent.recover({ signal, onProgress: (progress) => output.progress(progress) });
    if (recovered.warning !== undefined) output.note(recovered.warning);
  }
  const snapshot = await findSnapshot(agent, positionals[0] ?? '');
  const paths = stringValues(values, 'path').map(normalPath);
  if (paths.includes('')) throw new RoostError('usage', '--path must name a file or folder');
  const report = await agent.restore(snapshot.snapshot, {
    sink: await directorySink(target),
    paths,
    signal,
    onProgress: (progress) => output.progress(progress),
  });
  return reportRestore(output, 'Restored', report);
}
