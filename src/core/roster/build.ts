import type { Bytes } from '../bytes.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import { checkName } from '../identity/name.ts';
import { signBody } from '../identity/signed.ts';
import type { AccountId, CooperativeId } from '../ids.ts';
import { accountIdFromBytes } from '../ids.ts';
import type { Admission, SignedChange } from './entry.ts';
import { NO_ENTRY, encodeAdmission, encodeAdmissionBody, encodeEntry, encodeEntryBody } from './entry.ts';
import type { RosterPolicy, RosterState } from './types.ts';

/** Days as written in docs: a fortnight's absence is no loss; an invited team binds nobody. */
export const TEAM_POLICY: RosterPolicy = { graceDays: 14, commitmentDays: 0 };

/** The place where the next entry goes. */
type Chain = Pick<RosterState, 'length' | 'head'>;

/**
 * The founding entry; its SHA-256 is the cooperative's id and its signer the first steward.
 * @throws RoostError 'usage' for a name out of bounds
 */
export function foundRoster(
  founder: Signer,
  fields: {
    readonly name: string;
    readonly displayName: string;
    readonly at: number;
    readonly policy?: RosterPolicy;
  },
): Promise<Bytes> {
  const { name, displayName, at, policy = TEAM_POLICY } = fields;
  checkName(name, 'name of the cooperative', 'usage');
  checkName(displayName, 'display name', 'usage');
  const by = accountIdFromBytes(founder.publicKey);
  return signEntry({ length: 0, head: NO_ENTRY }, founder, {
    kind: 'found',
    by,
    at,
    name,
    displayName,
    policy,
  });
}

/** What a signed change says besides its signer. */
export type ChangeFields = SignedChange extends infer Change
  ? Change extends { readonly kind: 'found' }
    ? never
    : Omit<Change, 'by'>
  : never;

/**
 * An entry for the next place of a roster, signed by a member's account key:
 * `appendEntry(roster, steward, { kind: 'remove', at, account })`. Whether the rules allow it shows `applyEntry`.
 * @throws RoostError 'usage' for a name out of bounds
 */
export function appendEntry(roster: Chain, signer: Signer, change: ChangeFields): Promise<Bytes> {
  if (change.kind === 'rename') checkName(change.name, 'display name', 'usage');
  return signEntry(roster, signer, { ...change, by: accountIdFromBytes(signer.publicKey) });
}

/**
 * A request to be let in by an invite, signed by the joining account and by the invite's key.
 * @param fields.seed the invite's secret half
 * @throws RoostError 'usage' for a name out of bounds
 */
export async function makeAdmission(
  suite: CryptoSuite,
  joining: Signer,
  fields: {
    readonly cooperative: CooperativeId;
    readonly seed: Bytes;
    readonly name: string;
    readonly at: number;
  },
): Promise<Bytes> {
  checkName(fields.name, 'display name', 'usage');
  const invite = await suite.importSigning(fields.seed);
  const account: AccountId = accountIdFromBytes(joining.publicKey);
  const admission: Admission = {
    cooperative: fields.cooperative,
    account,
    name: fields.name,
    invite: invite.publicKey,
    at: fields.at,
  };
  const body = encodeAdmissionBody(admission);
  const inviteSigner = { sign: (message: Bytes) => suite.sign(invite.key, message) };
  return encodeAdmission(
    body,
    await signBody(joining, 'roost/1/admission', body),
    await signBody(inviteSigner, 'roost/1/admission-invite', body),
  );
}

/** The entry that puts an admission on the next place of a roster. Anybody may append it. */
export function admitEntry(roster: Chain, admission: Bytes): Bytes {
  return encodeEntry(encodeEntryBody(roster.length, roster.head, { kind: 'admit', admission }));
}

async function signEntry(roster: Chain, signer: Signer, change: SignedChange): Promise<Bytes> {
  const body = encodeEntryBody(roster.length, roster.head, change);
  return encodeEntry(body, await signBody(signer, 'roost/1/roster-entry', body));
}
