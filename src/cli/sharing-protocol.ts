import { join } from 'node:path';

/**
 * How a command reaches the process that serves its home: a Unix socket in the home, one JSON object a line. The caller
 * sends one `SharedCall`; answers are `SharedReply`s, the last one an exit. Closing the socket cancels the command.
 */
export interface SharedCall {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly columns: number;
}

export type SharedReply =
  | { readonly kind: 'out'; readonly text: string }
  | { readonly kind: 'err'; readonly text: string }
  | { readonly kind: 'exit'; readonly code: number };

/** Longest call; the argument list of a process is bounded by 128 KiB for one argument and 2 MiB in all. */
export const CALL_MAX_BYTES = 2 * 1024 * 1024;

/** sun_path of the strictest system we run on (macOS), with its closing zero. */
const SOCKET_PATH_BYTES = 104;

/**
 * The socket of a home; undefined when its path is too long for one, and on Windows, whose named pipes are not guarded by the
 * home's permissions.
 */
export function socketPath(home: string): string | undefined {
  const path = join(home, 'control.sock');
  return process.platform !== 'win32' && Buffer.byteLength(path) < SOCKET_PATH_BYTES ? path : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** undefined for anything but a call */
export function parseCall(line: string): SharedCall | undefined {
  const value = parseJson(line);
  if (!isRecord(value)) return undefined;
  const { args, cwd, columns } = value;
  if (!Array.isArray(args) || !args.every((item) => typeof item === 'string')) return undefined;
  if (typeof cwd !== 'string' || typeof columns !== 'number') return undefined;
  return { args, cwd, columns };
}

/** undefined for anything but a reply */
export function parseReply(line: string): SharedReply | undefined {
  const value = parseJson(line);
  if (!isRecord(value)) return undefined;
  const { kind, text, code } = value;
  if ((kind === 'out' || kind === 'err') && typeof text === 'string') return { kind, text };
  return kind === 'exit' && typeof code === 'number' ? { kind, code } : undefined;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
