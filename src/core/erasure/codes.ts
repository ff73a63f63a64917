import { RoostError } from '../errors.ts';
import { CODE_MAX_SHARDS } from '../limits.ts';
import type { Fields } from '../schema.ts';

/** How a pack is spread: `m` data shards and `k` parity shards, any `m` of which bring it back. */
export interface Code {
  readonly name: CodeName;
  readonly m: number;
  readonly k: number;
}

/** reed-solomon: m ≥ 1, k ≥ 1; parity: k = 1 (XOR); mirror: m = 1 (k + 1 copies); stripe: k = 0. */
export type CodeName = 'reed-solomon' | 'parity' | 'mirror' | 'stripe';

const CODE_NAMES: readonly CodeName[] = ['reed-solomon', 'parity', 'mirror', 'stripe'];

/** Shards of one pack, `n`. */
export function totalShards(code: Code): number {
  return code.m + code.k;
}

/**
 * Pieces that must have found a holder before a pack counts as saved: the `m`, and half of the parity for which there is a holder now.
 * @param holders devices that could take one now; where they are fewer than shards, the other shards wait
 */
export function enoughShards({ m, k }: Code, holders: number): number {
  return m + Math.ceil(Math.min(k, Math.max(0, holders - m)) / 2);
}

/**
 * Whether a pack was saved when there were far fewer partners: it bears less than half of the losses that one saved now would. Who spread
 * it over several holders and chose to bear none (k = 0) meant it; a single copy is what a single partner allows.
 */
export function isWeak({ m, k }: Code, now: Code): boolean {
  return (k > 0 || m === 1) && 2 * k < now.k;
}

/** @throws RoostError 'usage' when `m` and `k` do not go with the name */
export function validateCode(code: Code): Code {
  const { name, m, k } = code;
  const whole = Number.isInteger(m) && Number.isInteger(k) && m >= 1 && k >= 0 && m + k <= CODE_MAX_SHARDS;
  if (!whole) {
    throw new RoostError(
      'usage',
      `a code must have m ≥ 1 and k ≥ 0, together at most ${CODE_MAX_SHARDS}, got ${m}+${k}`,
    );
  }
  const wrong = (rule: string): RoostError =>
    new RoostError('usage', `${name} must have ${rule}, got ${m}+${k}`);
  switch (name) {
    case 'reed-solomon':
      if (k < 1) throw wrong('k ≥ 1');
      return code;
    case 'parity':
      if (k !== 1) throw wrong('k = 1');
      return code;
    case 'mirror':
      if (m !== 1 || k < 1) throw wrong('m = 1 and k ≥ 1');
      return code;
    case 'stripe':
      if (k !== 0) throw wrong('k = 0');
      return code;
    default:
      throw new RoostError('usage', `unknown code, expected ${CODE_NAMES.join(', ')}`, {
        cause: name satisfies never,
      });
  }
}

/**
 * Reads `reed-solomon:6+3`, `parity:4+1`, `mirror:3` (copies in all) or `stripe:4`.
 * @throws RoostError 'usage'
 */
export function parseCode(text: string): Code {
  const found = /^([a-z-]+):(\d{1,3})(?:\+(\d{1,3}))?$/.exec(text);
  const name = CODE_NAMES.find((known) => known === found?.[1]);
  const first = Number(found?.[2]);
  const second = found?.[3] === undefined ? undefined : Number(found[3]);
  if (name === 'mirror' && second === undefined) return validateCode({ name, m: 1, k: first - 1 });
  if (name === 'stripe' && second === undefined) return validateCode({ name, m: first, k: 0 });
  if ((name === 'reed-solomon' || name === 'parity') && second !== undefined) {
    return validateCode({ name, m: first, k: second });
  }
  const examples = 'reed-solomon:6+3, parity:4+1, mirror:3 or stripe:4';
  throw new RoostError('usage', `a code must be written like ${examples}, got "${text.slice(0, 40)}"`);
}

/** The text that `parseCode` reads. */
export function formatCode(code: Code): string {
  switch (code.name) {
    case 'mirror':
      return `mirror:${totalShards(code)}`;
    case 'stripe':
      return `stripe:${code.m}`;
    case 'reed-solomon':
    case 'parity':
      return `${code.name}:${code.m}+${code.k}`;
    default:
      throw new RoostError('usage', 'unknown code', { cause: code.name satisfies never });
  }
}

/** Reads the fields `code`, `m` and `k` of a record. @throws RoostError 'malformed' */
export function readCode(field: Fields): Code {
  const code: Code = {
    name: field('code').oneOf(CODE_NAMES),
    m: field('m').uint(CODE_MAX_SHARDS, 1),
    k: field('k').uint(CODE_MAX_SHARDS),
  };
  try {
    return validateCode(code);
  } catch (cause) {
    throw field('code').not('a code with its m and k', cause);
  }
}
