import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentApi } from '../../agent/api.ts';

const INVITE_USES = 1000;
const INVITE_DAYS = 365;
/** A link that ends sooner than this is replaced. */
const LEAST_LEFT_MS = 30 * 24 * 3600 * 1000;

/** The starter's invite link: made once, the same on every start until it nears its end. */
export async function reusableInvite(home: string, broker: string, agent: AgentApi): Promise<string> {
  const file = join(home, 'invite.json');
  const kept = await readInvite(file);
  if (kept !== undefined && kept.expiresAt - Date.now() > LEAST_LEFT_MS) return `${broker}/${kept.fragment}`;
  const { invite } = await agent.invite({ uses: INVITE_USES, days: INVITE_DAYS });
  const made: KeptInvite = {
    fragment: invite.slice(invite.indexOf('#')),
    expiresAt: Date.now() + INVITE_DAYS * 24 * 3600 * 1000,
  };
  await writeFile(file, `${JSON.stringify(made)}\n`, { mode: 0o600 });
  return invite;
}

/** The broker may have another port on the next start, so only the fragment is kept. */
interface KeptInvite {
  readonly fragment: string;
  readonly expiresAt: number;
}

async function readInvite(file: string): Promise<KeptInvite | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('fragment' in value) || typeof value.fragment !== 'string') return undefined;
    if (!('expiresAt' in value) || typeof value.expiresAt !== 'number') return undefined;
    return { fragment: value.fragment, expiresAt: value.expiresAt };
  } catch {
    return undefined;
  }
}
