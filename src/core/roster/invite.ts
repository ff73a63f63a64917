import { sha256 } from '@noble/hashes/sha2.js';
import type { Bytes } from '../bytes.ts';
import { concatBytes, equalBytes, toBytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import { RoostError } from '../errors.ts';
import { checkName } from '../identity/name.ts';
import type { CooperativeId } from '../ids.ts';
import { cooperativeIdFromBytes, idBytes } from '../ids.ts';
import { NAME_MAX_BYTES } from '../limits.ts';
import { readCbor } from '../schema.ts';
import { parseBrokerUrl } from '../wire/broker-auth.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';

/** PROTOCOL.md "Invite": base64url(cbor [1, cooperative, seed, name] ‖ first 4 bytes of its SHA-256) in the link's fragment. */

const VERSION = 1;
const MARK = '#join=';
const SEED_BYTES = 32;
const CHECKSUM_BYTES = 4;
const PAYLOAD_MAX_BYTES = 512;
/** A whole link: more than any origin and code need. */
const LINK_MAX_CHARS = 4096;
/** Names of a host that mean the computer which asks. */
const OWN_HOST = /^(?:(?:.+\.)?localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What an invite says. The seed lets in who holds it: a secret. */
export interface Invite {
  readonly cooperative: CooperativeId;
  /** Ed25519 seed; its public half is on the roster */
  readonly seed: Bytes;
  /** of the cooperative, for people; proved by nothing */
  readonly name: string;
}

/**
 * The link that invites. Its fragment is never sent to the server that the link names.
 * @param invite.origin address of the app, which is also the broker's
 * @throws RoostError 'usage' for a name out of bounds
 */
export function formatInviteLink(invite: Invite & { readonly origin: string }): string {
  checkName(invite.name, 'name of the cooperative', 'usage');
  const payload = encodeCbor([VERSION, idBytes(invite.cooperative), invite.seed, invite.name]);
  const code = encodeBase64url(concatBytes(payload, checksum(payload)));
  return `${invite.origin.replace(/\/+$/, '')}/${MARK}${code}`;
}

/**
 * Reads a whole link, its fragment, or the bare code, blanks and line breaks from mails included.
 * @returns the invite, and the address it came with (undefined for a bare code)
 * @throws RoostError 'bad-invite' with a sentence for people
 */
export function parseInviteLink(text: string): Invite & { readonly origin: string | undefined } {
  if (text.length > LINK_MAX_CHARS) {
    throw new RoostError('bad-invite', `The invite is too long: ${text.length} characters.`);
  }
  const compact = text.replace(/\s+/g, '');
  const mark = compact.indexOf(MARK.slice(1));
  const code = mark < 0 ? compact : compact.slice(mark + MARK.length - 1);
  const before = mark < 0 ? '' : compact.slice(0, mark).replace(/#$/, '');
  const origin = before.replace(/\/+$/, '');
  if (origin !== '' && !/^https?:\/\/[^/?#@]+/.test(origin)) {
    throw new RoostError('bad-invite', 'The invite link must begin with https:// or http://.');
  }
  if (code === '') throw new RoostError('bad-invite', 'The invite is empty. Paste the whole link.');
  return { ...parseCode(code), origin: origin === '' ? undefined : origin };
}

/** Whether a link leads to the very computer that it is opened on, wherever that is; what is no link leads nowhere. */
export function isForThisComputer(link: string): boolean {
  const [address = ''] = link.split('#');
  try {
    return OWN_HOST.test(parseBrokerUrl(address).host);
  } catch {
    return false;
  }
}

function parseCode(code: string): Invite {
  try {
    const bytes = decodeBase64url(code);
    const payload = bytes.subarray(0, Math.max(0, bytes.length - CHECKSUM_BYTES));
    if (!equalBytes(checksum(payload), bytes.subarray(payload.length))) {
      throw new RoostError('malformed', 'the checksum does not fit');
    }
    return readCbor(payload, PAYLOAD_MAX_BYTES, 'invite', (item) => {
      const at = item.tuple(4);
      at(0).uint(VERSION, VERSION);
      return {
        cooperative: at(1).id(cooperativeIdFromBytes),
        seed: at(2).bytes(SEED_BYTES),
        name: checkName(at(3).text(NAME_MAX_BYTES), 'invite name', 'malformed'),
      };
    });
  } catch (cause) {
    throw new RoostError('bad-invite', 'The invite is damaged or incomplete. Copy the whole link again.', {
      cause,
    });
  }
}

const checksum = (payload: Bytes): Bytes => toBytes(sha256(payload).subarray(0, CHECKSUM_BYTES));
