import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, printable } from '../../../src/cli/format.ts';
import { createOutput, progressText } from '../../../src/cli/output.ts';
import type { Output } from '../../../src/cli/output.ts';
import type { Progress } from '../../../src/core/progress.ts';

const PROGRESS: Progress = {
  phase: 'saving',
  done: 50 * 1024 * 1024,
  total: 200 * 1024 * 1024,
  files: 3,
  filesTotal: 12,
  transferred: 80 * 1024 * 1024,
  speed: 10 * 1024 * 1024,
  leftMs: 15_000,
  path: 'photos/a\u{1b}[2Jb.jpg',
  partners: undefined,
};

interface Recorded {
  out: string;
  err: string;
  at: number;
  readonly output: Output;
}

function record(json: boolean, columns = 0): Recorded {
  const streams = {
    out: (text: string) => void (seen.out += text),
    err: (text: string) => void (seen.err += text),
    columns,
  };
  const seen: Recorded = { out: '', err: '', at: 0, output: createOutput(streams, json, () => seen.at) };
  return seen;
}

describe('output', () => {
  it('says what, how much, how fast and how long in one line', () => {
    expect(progressText(PROGRESS)).toBe(
      'Saving  25 %  50.0 MiB of 200 MiB  10.0 MiB/s  15 s left  photos/a\\u{1b}[2Jb.jpg',
    );
  });

  it('writes one JSON object a line and no words for people with --json', () => {
    const seen = record(true);
    seen.output.note('for people');
    seen.output.progress(PROGRESS);
    seen.output.progress(PROGRESS);
    seen.output.result({ event: 'done', files: 1 }, 'Saved one file.');
    const lines = seen.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.event)).toEqual(['progress', 'done']);
    expect(seen.err).toBe('');
  });

  it('tells at once how many partners are reached while some are waited for', () => {
    const waiting = (reached: number): Progress => ({
      ...PROGRESS,
      phase: 'scanning',
      partners: { reached, of: 3 },
    });
    expect(progressText(waiting(2))).toBe('Looking  waiting for partners: 2 of 3 reached');
    const seen = record(false);
    const looking = { ...PROGRESS, phase: 'scanning' as const };
    for (const progress of [looking, waiting(1), waiting(1), waiting(2), looking, waiting(2)])
      seen.output.progress(progress);
    expect(seen.err.match(/^.*$/gm)?.map((line) => line.slice(0, 45))).toEqual([
      'Looking  25 %  50.0 MiB of 200 MiB  10.0 MiB/s'.slice(0, 45),
      'Looking  waiting for partners: 1 of 3 reached',
      'Looking  waiting for partners: 2 of 3 reached',
      '',
    ]);
    // Where a line said otherwise meanwhile, it is told again.
    seen.at = 11_000;
    seen.err = '';
    for (const progress of [looking, waiting(2)]) seen.output.progress(progress);
    expect(seen.err).toMatch(/^Looking {2}25 %.*\nLooking {2}waiting for partners: 2 of 3 reached\n$/);
    const json = record(true);
    json.output.progress(looking);
    json.output.progress(waiting(2));
    const [first, second] = json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).not.toHaveProperty('partners');
    expect(second).toMatchObject({ event: 'progress', phase: 'scanning', partners: { reached: 2, of: 3 } });
  });

  it('keeps the progress line within the terminal and clears it before text', () => {
    const seen = record(false, 40);
    seen.output.progress(PROGRESS);
    expect(seen.err.replace('\r\u{1b}[K', '')).toHaveLength(39);
    seen.output.result({}, 'Saved.');
    expect(seen.err.endsWith('\r\u{1b}[K')).toBe(true);
    expect(seen.out).toBe('Saved.\n');
  });

  it('lets no control character of a name reach the terminal', () => {
    expect(printable('a\u{1b}]0;x\u{7}\u{202e}b\nc')).toBe('a\\u{1b}]0;x\\u{7}\\u{202e}b\\u{a}c');
    expect(printable('Grüße 日本 🐦')).toBe('Grüße 日本 🐦');
  });

  it('rounds sizes and times to what people read', () => {
    expect([0, 1023, 1536, 150 * 1024 ** 2, 3 * 1024 ** 4].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '150 MiB',
      '3.0 TiB',
    ]);
    expect([0, 999, 75_000, 3_700_000].map(formatDuration)).toEqual([
      '0 s',
      '1 s',
      '1 min 15 s',
      '1 h 1 min',
    ]);
  });
});
