import type { RestoreReport } from '../agent/api.ts';
import { EXIT_DONE, EXIT_PARTLY, EXIT_TOO_FEW } from './exit-codes.ts';
import { count, firstLines, formatBytes, formatDuration, printable } from './format.ts';
import type { Output } from './output.ts';

/** Reports a restore and gives its exit code: files that only absent partners hold can still be had later. */
export function reportRestore(output: Output, verb: string, report: RestoreReport): number {
  const { files, bytes, kept, seconds, failed, corrected } = report;
  const lines = [
    `${verb} ${count(files, 'file')}, ${formatBytes(bytes)}, in ${formatDuration(seconds * 1000)}.`,
    ...(kept > 0 ? [`${count(kept, 'file')} of these lay there already, byte for byte.`] : []),
    ...corrected.map(
      ({ device, segments }) =>
        `Partner ${device.slice(0, 8)} has lost ${count(segments, 'segment')} or gave them damaged; other partners replaced them.`,
    ),
    ...firstLines(failed.map(({ path, fault, reason }) => `failed: ${printable(path)}: ${fault}: ${reason}`)),
  ];
  output.result({ event: 'done', files, bytes, kept, seconds, failed, corrected }, lines.join('\n'));
  if (failed.length === 0) return EXIT_DONE;
  return failed.some(({ fault }) => fault === 'too-few') ? EXIT_TOO_FEW : EXIT_PARTLY;
}
