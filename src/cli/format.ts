import { GIB, KIB, MIB } from '../core/limits.ts';

const TIB = 1024 * GIB;
const UNITS: readonly (readonly [number, string])[] = [
  [TIB, 'TiB'],
  [GIB, 'GiB'],
  [MIB, 'MiB'],
  [KIB, 'KiB'],
];

/** 1536 → '1.5 KiB'. */
export function formatBytes(bytes: number): string {
  const unit = UNITS.find(([size]) => bytes >= size);
  if (unit === undefined) return `${Math.round(bytes)} B`;
  const value = bytes / unit[0];
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${unit[1]}`;
}

/** 75_000 ms → '1 min 15 s'. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Local day as 2026-03-01. */
export function formatDay(ms: number): string {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Local time as 2026-03-01 14:05:09. */
export function formatTime(ms: number): string {
  const at = new Date(ms);
  return `${formatDay(ms)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** 0.871 → '87 %'. Never rounds up to certainty. */
export function formatShare(share: number): string {
  const percent = Math.max(0, share * 100);
  if (percent >= 100) return '100 %';
  return percent >= 99 ? `${Math.floor(percent * 10) / 10} %` : `${Math.round(percent)} %`;
}

/** 'one file', '3 files'. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

/** A list that would fill the screen is cut here. */
const LINES_MAX = 20;

/** The first of many lines, and how many there are beside them. */
export function firstLines(lines: readonly string[]): readonly string[] {
  if (lines.length <= LINES_MAX) return lines;
  const rest = lines.length - LINES_MAX;
  return [...lines.slice(0, LINES_MAX), `and ${rest.toLocaleString('en')} more; --json lists all of them`];
}

/**
 * Names come from snapshots and partners: control characters in them must not reach the terminal, where they could move
 * the cursor or hide what is there.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
