import type { Outcome } from './outcome.ts';
import { lossBound, msPerDeviceDay } from './outcome.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

function bytes(count: number): string {
  return count < MIB ? `${(count / KIB).toFixed(1)} KiB` : `${(count / MIB).toFixed(1)} MiB`;
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)} %`;

/** Rows of two columns, the first as wide as its longest text. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}

/** A run in words and figures. */
export function describeOutcome(outcome: Outcome): string {
  const { metrics, devices, days } = outcome;
  const deviceDays = devices * days;
  const perDay = (count: number): string => `${bytes(count / deviceDays)} a device and day`;
  const sampled = metrics.samples.slice(0, -1);
  const sum = (read: (sample: (typeof sampled)[number]) => number): number =>
    sampled.reduce((total, sample) => total + read(sample), 0);
  const packs = sum((sample) => sample.packs);
  const lines: (readonly [string, string])[] = [
    ['scenario', `${outcome.scenario}, ${devices} devices, ${days} days, seed ${outcome.seed}`],
    ['trace', `${outcome.traceHash} (${outcome.events} events)`],
    [
      'time',
      `${(outcome.cpuMs / 1000).toFixed(1)} s of the processor, ${msPerDeviceDay(outcome).toFixed(2)} ms a device and day`,
    ],
    [
      'online',
      share(
        sum((sample) => sample.online),
        sampled.length * devices,
      ),
    ],
    ['packs at the end', `${metrics.samples.at(-1)?.packs ?? 0}`],
    ['object-years', metrics.objectYears.toFixed(1)],
    [
      'lost',
      `${outcome.losses}; with 95 % confidence fewer than ${lossBound(outcome).toExponential(1)} a pack and year`,
    ],
    ['incomplete packs', share(metrics.incompleteYears, metrics.objectYears)],
    [
      'incomplete 48 h after faults',
      `${metrics.samples.at(-1)?.incomplete ?? 0} of ${metrics.samples.at(-1)?.packs ?? 0}`,
    ],
    ['  not for grace', `${outcome.unmended}`],
    [
      'unreadable at the moment',
      share(
        sum((sample) => sample.unreadableNow),
        packs,
      ),
    ],
    [
      'restored at the end',
      `${outcome.restored} of ${outcome.tried} by words on a fresh device, byte for byte`,
    ],
    ['restored after a loss', `${metrics.countOf('restored after a loss')}`],
    ['traffic', `${bytes(metrics.bytes)}, ${perDay(metrics.bytes)}`],
    ['of it repair', `${bytes(metrics.repairBytes)}, ${perDay(metrics.repairBytes)}`],
    ...metrics.traffic.map(
      ([kind, { frames, bytes: count }]) => [`  ${kind}`, `${bytes(count)} in ${frames} messages`] as const,
    ),
    ...metrics.counts.map(([what, count]) => [what, `${count}`] as const),
    ['verdict', outcome.failures.length === 0 ? 'passed' : 'FAILED'],
  ];
  return [columns(lines), ...outcome.failures.slice(0, 20).map((reason) => `  - ${reason}`)].join('\n');
}
