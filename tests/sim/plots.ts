import type { Sample } from './metrics.ts';
import type { Outcome } from './outcome.ts';
import { lineChart } from './plot.ts';

const MIB = 1024 * 1024;

/** The charts of a run, by file name. */
export function plotsOf({ scenario, devices, metrics }: Outcome): ReadonlyMap<string, string> {
  const { samples } = metrics;
  const line = (label: string, read: (sample: Sample) => number) => ({
    label,
    points: samples.map((sample) => [sample.day, read(sample)] as const),
  });
  const share =
    (read: (sample: Sample) => number) =>
    (sample: Sample): number =>
      sample.packs === 0 ? 0 : (100 * read(sample)) / sample.packs;
  const chart = (name: string, y: string, lines: ReturnType<typeof line>[]): [string, string] => [
    `${scenario}-${name}.svg`,
    lineChart({ title: `${scenario}, ${devices} devices: ${name}`, x: 'day', y, lines }),
  ];
  return new Map([
    chart('packs', '% of packs', [
      line(
        'not complete',
        share(({ incomplete }) => incomplete),
      ),
      line(
        'unreadable at the moment',
        share(({ unreadableNow }) => unreadableNow),
      ),
      line(
        'lost',
        share(({ lost }) => lost),
      ),
    ]),
    chart('online', 'devices', [line('on', ({ online }) => online)]),
    chart('traffic', 'MiB so far', [
      line('all', ({ bytes }) => bytes / MIB),
      line('repair', ({ repairBytes }) => repairBytes / MIB),
    ]),
  ]);
}
