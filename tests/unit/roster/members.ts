import { randomBytes } from 'node:crypto';
import { createNobleSuite } from '../../../src/core/crypto/noble.ts';
import type { Signer } from '../../../src/core/crypto/suite.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { AccountId } from '../../../src/core/ids.ts';
import { accountIdFromBytes } from '../../../src/core/ids.ts';
import { admitEntry, appendEntry, foundRoster, makeAdmission } from '../../../src/core/roster/build.ts';
import type { ChangeFields } from '../../../src/core/roster/build.ts';
import type { Roster } from '../../../src/core/roster/roster.ts';
import { applyEntry, replayRoster } from '../../../src/core/roster/roster.ts';

/** People and a chain that they write, for tests. */

export const suite = createNobleSuite((length) => new Uint8Array(randomBytes(length)));
export const NOW = 1_800_000_000_000;
export const DAY = 86_400_000;

export interface Person extends Signer {
  readonly account: AccountId;
}

export async function person(seed: number): Promise<Person> {
  const { key, publicKey } = await suite.importSigning(new Uint8Array(32).fill(seed));
  return { publicKey, account: accountIdFromBytes(publicKey), sign: (message) => suite.sign(key, message) };
}

/** A roster that grows; forks are made by `copy`. */
export class Chain {
  entries: Bytes[];
  roster: Roster;

  constructor(entries: Bytes[], roster: Roster) {
    this.entries = entries;
    this.roster = roster;
  }

  static async found(founder: Signer): Promise<Chain> {
    const entry = await foundRoster(founder, { name: 'Elm Street', displayName: 'Ada', at: NOW });
    return new Chain([entry], await replayRoster(suite, [entry]));
  }

  copy(): Chain {
    return new Chain([...this.entries], this.roster);
  }

  async take(entry: Bytes, now?: number): Promise<void> {
    this.roster = await applyEntry(suite, this.roster, entry, now);
    this.entries.push(entry);
  }

  async append(signer: Signer, change: ChangeFields): Promise<void> {
    await this.take(await appendEntry(this.roster, signer, change));
  }

  /** Puts the public half of an invite on the roster and returns the secret one. */
  async invite(
    steward: Signer,
    seed: number,
    options: { uses?: number; expiresAt?: number } = {},
  ): Promise<Bytes> {
    const secret = new Uint8Array(32).fill(seed);
    const { publicKey } = await suite.importSigning(secret);
    const { uses = 5, expiresAt = NOW + 7 * DAY } = options;
    await this.append(steward, { kind: 'invite', at: NOW, publicKey, uses, expiresAt });
    return secret;
  }

  async admission(joining: Person, seed: Bytes, at = NOW + 1, name = 'Bo'): Promise<Bytes> {
    return makeAdmission(suite, joining, { cooperative: this.roster.cooperative, seed, name, at });
  }

  async admit(joining: Person, seed: Bytes, at?: number, now?: number): Promise<void> {
    await this.take(admitEntry(this.roster, await this.admission(joining, seed, at)), now);
  }
}
