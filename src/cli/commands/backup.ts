import { resolve } from 'node:path';
import type { BackupReport, Health } from '../../agent/api.ts';
import { directorySource } from '../../adapters/nodejs/source.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { Source } from '../../ports/source.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE, EXIT_PARTLY } from '../exit-codes.ts';
import { count, firstLines, formatBytes, formatDuration, printable } from '../format.ts';
import { healthText } from '../health-text.ts';
import { requireMember } from '../membership.ts';
import { readTextFile, stringValue } from '../values.ts';

export const backup: Command = {
  name: 'backup',
  usage: 'PATH... [--exclude-file FILE] [--code auto|mirror:3|parity:4+1|reed-solomon:6+3] [--moved]',
  summary:
    'save folders to the partners; sends only what is new; --moved for a folder that was saved from another place before',
  options: { 'exclude-file': { type: 'string' }, code: { type: 'string' }, moved: { type: 'boolean' } },
  positionals: [1, Infinity],
  shareable: true,
  async run({ values, positionals, home, cwd, output, signal, agents }) {
    const excludeFile = stringValue(values, 'exclude-file');
    const exclude =
      excludeFile === undefined ? [] : patterns(await readTextFile(cwd, 'exclude-file', excludeFile));
    const code = stringValue(values, 'code');
    const sources = await Promise.all(positionals.map((path) => openFolder(resolve(cwd, path), exclude)));

    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const names = sources.map((source) => source.name);
        const twice = names.find((name, at) => names.indexOf(name) !== at);
        if (twice !== undefined) {
          throw new RoostError('usage', `two folders of one run are called "${twice}"`);
        }
        const report = await agent.backup(sources, {
          ...(code === undefined ? {} : { code }),
          moved: values['moved'] === true,
          signal,
          onProgress: (progress) => output.progress(progress),
        });
        output.result({ event: 'done', ...report }, reportText(report, agent.state.health));
        return report.unreadable.length > 0 ? EXIT_PARTLY : EXIT_DONE;
      },
      { online: true },
    );
  },
};

/** @throws RoostError that names the folder */
async function openFolder(path: string, exclude: readonly string[]): Promise<Source> {
  try {
    return await directorySource(path, { exclude });
  } catch (error) {
    throw new RoostError(faultOf(error), `${path}: ${messageOf(error)}`, { cause: error });
  }
}

function patterns(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function reportText(report: BackupReport, health: Health): string {
  const { files, bytes, carriedFiles, carriedBytes, sentBytes, seconds } = report;
  const lines = [
    `Saved ${count(files - carriedFiles, 'file')}, ${formatBytes(bytes - carriedBytes)}, in ${formatDuration(seconds * 1000)}; sent ${formatBytes(sentBytes)}.`,
    ...(carriedFiles > 0
      ? [
          `${count(carriedFiles, 'more file', 'more files')} of other folders, ${formatBytes(carriedBytes)}, ${carriedFiles === 1 ? 'stays' : 'stay'} as saved before.`,
        ]
      : []),
    `Snapshot ${report.snapshot}`,
    healthText(health),
  ];
  const named = (what: string, paths: BackupReport['unreadable']): readonly string[] =>
    firstLines(paths.map(({ path, reason }) => `${what}: ${printable(path)}: ${reason}`));
  lines.push(...named('not read', report.unreadable), ...named('left out', report.leftOut));
  return lines.join('\n');
}
