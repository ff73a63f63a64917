import type { Progress } from '../core/progress.ts';
import { formatBytes, formatDuration, printable } from './format.ts';

/** Where a command's words go: this process's terminal, or the process that asked a serving one. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** columns of the terminal that shows `err`; 0 when it is none */
  readonly columns: number;
}

/** What commands write to. */
export interface Output {
  readonly json: boolean;
  /** One JSON line with --json, one or more lines of text otherwise. */
  result(value: Readonly<Record<string, unknown>>, text: string): void;
  /** For people only: left out with --json. */
  note(text: string): void;
  progress(progress: Progress): void;
  /** Ends the progress line, so that text may follow. */
  settle(): void;
}

const TERMINAL_EVERY_MS = 200;
const JSON_EVERY_MS = 1000;
const PLAIN_EVERY_MS = 10_000;

const PHASES: Readonly<Record<Progress['phase'], string>> = {
  scanning: 'Looking',
  saving: 'Saving',
  finishing: 'Finishing',
  locating: 'Finding pieces',
  restoring: 'Restoring',
  checking: 'Checking',
};

/** One calm line: what, how much, how fast, how long. */
export function progressText(progress: Progress): string {
  const parts = [PHASES[progress.phase]];
  const { partners } = progress;
  if (partners !== undefined) {
    parts.push(`waiting for partners: ${partners.reached} of ${partners.of} reached`);
    return parts.join('  ');
  }
  if (progress.total > 0) {
    const percent = Math.min(100, Math.floor((100 * progress.done) / progress.total));
    parts.push(`${percent} %`, `${formatBytes(progress.done)} of ${formatBytes(progress.total)}`);
  }
  if (progress.speed > 0) parts.push(`${formatBytes(progress.speed)}/s`);
  if (progress.leftMs !== undefined && progress.done < progress.total) {
    parts.push(`${formatDuration(progress.leftMs)} left`);
  }
  if (progress.path !== undefined) parts.push(printable(progress.path));
  return parts.join('  ');
}

/** An output for people or, with `json`, for programs: one object a line. */
export function createOutput(streams: Streams, json: boolean, now: () => number): Output {
  let lastAt = -Infinity;
  let lastPhase: Progress['phase'] | undefined;
  let lastReached: number | undefined;
  let shown = false;

  const settle = (): void => {
    if (shown) streams.err('\r\u{1b}[K');
    shown = false;
  };

  return {
    json,
    result(value, text) {
      settle();
      if (json) streams.out(`${JSON.stringify(value)}\n`);
      else if (text !== '') streams.out(`${text}\n`);
    },
    note(text) {
      if (json) return;
      settle();
      streams.err(`${text}\n`);
    },
    progress(progress) {
      const every = json ? JSON_EVERY_MS : streams.columns > 0 ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
      const { phase, partners } = progress;
      const moreReached = partners !== undefined && partners.reached !== lastReached;
      if (phase === lastPhase && !moreReached && now() - lastAt < every) return;
      lastPhase = phase;
      lastReached = partners?.reached;
      lastAt = now();
      if (json) {
        const { done, total, files, filesTotal, transferred, speed, leftMs } = progress;
        const event = {
          event: 'progress',
          phase,
          done,
          total,
          files,
          filesTotal,
          transferred,
          speed: Math.round(speed),
          leftMs,
          partners,
        };
        streams.out(`${JSON.stringify(event)}\n`);
      } else if (streams.columns > 0) {
        streams.err(`\r\u{1b}[K${progressText(progress).slice(0, streams.columns - 1)}`);
        shown = true;
      } else {
        streams.err(`${progressText(progress)}\n`);
      }
    },
    settle,
  };
}
