import type { Fault } from './faults.ts';
import type { Metrics } from './metrics.ts';

/** What a run gave. */
export interface Outcome {
  readonly scenario: string;
  readonly devices: number;
  readonly days: number;
  readonly seed: string;
  /** SHA-256 of everything that happened */
  readonly traceHash: string;
  readonly events: number;
  readonly faults: readonly Fault[];
  readonly metrics: Metrics;
  /** packs that had fewer than `m` intact pieces left while their owner needed them */
  readonly losses: number;
  /** packs that lacked pieces two days after the last fault, though not for want of devices that may still come back */
  readonly unmended: number;
  /** owners whose data was restored on a fresh device at the end, byte for byte, and all that were tried */
  readonly restored: number;
  readonly tried: number;
  /** why the run failed; empty when it did not */
  readonly failures: readonly string[];
  /** of the processor, by the stopwatch given */
  readonly cpuMs: number;
}

/** Milliseconds of the processor for each simulated day of one device. */
export function msPerDeviceDay({ cpuMs, devices, days }: Outcome): number {
  return cpuMs / (devices * days);
}

/**
 * With 95 % confidence the chance that a pack is lost within a year is below this: the rule of three while none was, a count's upper
 * bound (normal approximation) otherwise.
 */
export function lossBound({ losses, metrics }: Outcome): number {
  if (metrics.objectYears === 0) return 1;
  const most = losses === 0 ? 3 : losses + 1.96 * Math.sqrt(losses) + 2;
  return most / metrics.objectYears;
}
