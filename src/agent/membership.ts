import type { Bytes } from '../core/bytes.ts';
import { RoostError } from '../core/errors.ts';
import type { CooperativeId } from '../core/ids.ts';
import { cooperativeIdFromBytes } from '../core/ids.ts';
import { admitEntry, appendEntry, foundRoster, makeAdmission } from '../core/roster/build.ts';
import { formatInviteLink, parseInviteLink } from '../core/roster/invite.ts';
import { replayRoster } from '../core/roster/roster.ts';
import type { Roster } from '../core/roster/roster.ts';
import type { Platform } from '../ports/platform.ts';
import type { Rendezvous } from '../ports/rendezvous.ts';
import type { Identity } from './identity.ts';

/** Others may append at the same moment; each try reads the roster again. */
const APPEND_TRIES = 8;
const SEED_BYTES = 32;
const DAY_MS = 24 * 3_600_000;
const INVITE_USES = 20;
const INVITE_DAYS = 30;

/** What is needed to change a roster at the broker. */
export interface RosterAccess {
  readonly platform: Platform;
  readonly rendezvous: Rendezvous;
  readonly identity: Identity;
  /** address of app and broker, for invite links */
  readonly origin: string;
}

/** Starts a cooperative whose first steward this account is. @throws RoostError 'usage' | 'unreachable' */
export async function foundCooperative(
  access: RosterAccess,
  name: string,
  displayName: string,
): Promise<CooperativeId> {
  const { platform, rendezvous, identity } = access;
  const entry = await foundRoster(identity.accountSigner, { name, displayName, at: platform.clock.now() });
  const id = cooperativeIdFromBytes(await platform.crypto.sha256(entry));
  if (!(await rendezvous.appendRoster(id, 0, entry))) {
    throw new RoostError('refused', 'the broker knows this very cooperative already');
  }
  return id;
}

/** Puts a fresh invite on the roster. @throws RoostError 'refused' when we are no steward, 'unreachable' */
export async function makeInvite(
  access: RosterAccess,
  cooperative: CooperativeId,
  options: { readonly uses?: number; readonly days?: number } = {},
): Promise<string> {
  const { platform, identity } = access;
  const seed = platform.random.bytes(SEED_BYTES);
  const { publicKey } = await platform.crypto.importSigning(seed);
  const at = platform.clock.now();
  const roster = await append(access, cooperative, (now) =>
    appendEntry(now, identity.accountSigner, {
      kind: 'invite',
      at,
      publicKey,
      uses: options.uses ?? INVITE_USES,
      expiresAt: at + (options.days ?? INVITE_DAYS) * DAY_MS,
    }),
  );
  return formatInviteLink({ cooperative, seed, name: roster.name, origin: access.origin });
}

/** Enters a cooperative by an invite. @throws RoostError 'bad-invite' | 'refused' | 'unreachable' */
export async function joinCooperative(
  access: RosterAccess,
  link: string,
  displayName: string,
): Promise<CooperativeId> {
  const { platform, identity } = access;
  const { cooperative, seed } = parseInviteLink(link);
  const admission = await makeAdmission(platform.crypto, identity.accountSigner, {
    cooperative,
    seed,
    name: displayName,
    at: platform.clock.now(),
  });
  await append(access, cooperative, (roster) =>
    roster.members.has(identity.keys.account) ? undefined : admitEntry(roster, admission),
  );
  return cooperative;
}

/** Reads the roster, makes an entry for its end, appends it; again when somebody was faster. */
async function append(
  access: RosterAccess,
  cooperative: CooperativeId,
  make: (roster: Roster) => Promise<Bytes> | Bytes | undefined,
): Promise<Roster> {
  const { platform, rendezvous } = access;
  for (let tries = 0; tries < APPEND_TRIES; tries++) {
    const entries = await rendezvous.roster(cooperative, 0);
    if (entries.length === 0) {
      throw new RoostError('bad-invite', 'the broker of this link does not know its cooperative');
    }
    const roster = await replayRoster(platform.crypto, entries);
    if (roster.cooperative !== cooperative) {
      throw new RoostError('corrupt', 'the broker sent the roster of another cooperative');
    }
    const entry = await make(roster);
    if (entry === undefined || (await rendezvous.appendRoster(cooperative, roster.length, entry)))
      return roster;
  }
  throw new RoostError('busy', `the roster changed under each of ${APPEND_TRIES} tries to add to it`);
}
