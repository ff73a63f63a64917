import { parseCode, totalShards } from '../core/erasure/codes.ts';
import type { Code } from '../core/erasure/codes.ts';
import { RoostError } from '../core/errors.ts';

/** More pieces than this make packs small and audits many, for little more safety. */
const SHARDS_MAX = 9;

/**
 * The code for a number of partners: half of them may vanish, up to 6 + 3.
 * 1 → a copy; 2 → two copies; 3 → 2+1; 4 → 2+2; 5 → 3+2; 6 → 3+3; 7 → 4+3; 8 → 5+3; 9 and more → 6+3.
 * @throws RoostError 'too-few' without a partner
 */
export function autoCode(partners: number): Code {
  if (partners < 1) throw new RoostError('too-few', 'a backup needs at least 1 partner, 0 can be reached');
  if (partners === 1) return { name: 'stripe', m: 1, k: 0 };
  if (partners === 2) return { name: 'mirror', m: 1, k: 1 };
  const n = Math.min(partners, SHARDS_MAX);
  const k = Math.min(3, Math.floor(n / 2));
  return k === 1 ? { name: 'parity', m: n - 1, k } : { name: 'reed-solomon', m: n - k, k };
}

/** @throws RoostError 'usage' for a code that cannot be, 'too-few' when it needs more partners than there are */
export function chooseCode(wanted: string | undefined, partners: number): Code {
  if (wanted === undefined || wanted === 'auto') return autoCode(partners);
  const code = parseCode(wanted);
  if (totalShards(code) > partners) {
    throw new RoostError(
      'too-few',
      `code ${wanted} needs ${totalShards(code)} partners, ${partners} can be reached`,
    );
  }
  return code;
}
