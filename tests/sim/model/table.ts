import { formatCode } from '../../../src/core/erasure/codes.ts';
import type { DurationSummary } from './figures.ts';
import type { ModelResult } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';

/** Repair traffic per stored byte and month that Storj published for members that stay so long. */
const STORJ: Partial<Readonly<Record<ScenarioName, string>>> = {
  'lifetime-1': '9.36',
  'lifetime-6': '0.60',
  'lifetime-12': '0.24',
};

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const hours = ({ mean, p99, max, count }: DurationSummary): string =>
  count === 0 ? 'none' : `mean ${mean.toFixed(1)} h, p99 ${p99.toFixed(1)} h, max ${max.toFixed(0)} h`;

/** A result as a Markdown table with a heading. */
export function modelTable({ options, figures, cpuSeconds }: ModelResult): string {
  const { scenario, devices, days, seeds, placement, repair, delegates, plannedLifetimeDays, code } = options;
  const storj = STORJ[scenario];
  const rows: readonly (readonly [string, string])[] = [
    ['object-years', figures.objectYears.toFixed(0)],
    ['losses', String(figures.losses)],
    ['losses per object-year, 95 % bound', figures.lossBoundPerObjectYear.toExponential(2)],
    ['codes, by objects', figures.codes.map(([name, count]) => `${name} × ${count}`).join(', ')],
    ['bytes on disks per byte of data', figures.overhead.toFixed(2)],
    [
      'repair traffic per byte of data and month',
      `${figures.repairPerByteMonth.toFixed(2)}${storj === undefined ? '' : ` (Storj, published: ${storj})`}`,
    ],
    ['the same per byte on disks', figures.repairPerStoredByteMonth.toFixed(2)],
    [
      'of it for suspects / for leaving members',
      `${percent(figures.earlyShare)} / ${percent(figures.movedShare)}`,
    ],
    ['time with fewer than n pieces', percent(figures.belowNShare)],
    ['restore possible at any moment', percent(figures.restorableNow)],
    ['restore possible within a day', percent(figures.restorableWithinDay)],
    ['known damage until whole', hours(figures.mendingHours)],
    ['faults stop until whole', hours(figures.settledHours)],
    [
      'packs not whole when faults stop / only after 48 h / never after',
      `${figures.settling} / ${figures.settledLate} / ${figures.neverSettled}`,
    ],
    [
      'departures, losses of data, suspicions',
      `${figures.departures}, ${figures.dataLosses}, ${figures.suspicions}`,
    ],
    ['events, CPU', `${figures.events}, ${cpuSeconds.toFixed(1)} s`],
  ];
  const named = code === undefined ? '' : `, ${formatCode(code)}`;
  return [
    `**${scenario}**: ${SCENARIOS[scenario].describe}. ${devices} devices × ${(days / 365).toFixed(2)} years × ${seeds} seeds, placement ${placement}, repair ${repair}, delegates ${delegates}, planned for ${plannedLifetimeDays} days of membership${named}`,
    '',
    '| figure | value |',
    '| --- | ---: |',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
  ].join('\n');
}
