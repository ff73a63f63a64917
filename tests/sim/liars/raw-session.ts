import { proposeAgreement, verifyAgreement } from '../../../src/core/agreement/agreement.ts';
import { loadIdentity } from '../../../src/agent/identity.ts';
import type { Identity } from '../../../src/agent/identity.ts';
import { openSession } from '../../../src/agent/session/open-session.ts';
import type { Remote, RequestHandler } from '../../../src/agent/session/types.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { AgreementId, CooperativeId } from '../../../src/core/ids.ts';
import { packIdFromBytes } from '../../../src/core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import type { Platform } from '../../../src/ports/platform.ts';
import type { Transport } from '../../../src/ports/transport.ts';
import { DAY_MS } from '../faults.ts';
import { hashOfShard } from '../shard-hash.ts';
import type { Person } from '../team/person.ts';
import type { Team } from '../team/team.ts';

/** A bit for each hour of the week. */
const HOURS_BYTES = 21;
/** Above that of any agreement that agents made before. */
const EPOCH = 100;
const AUDIT_HOURS = 7 * 24;
const PACK_ID_BYTES = 16;

/** What a raw device agrees on, the same for both sides. */
export interface Terms {
  /** bytes of space */
  readonly gives: number;
  readonly readsPerYear: number;
  readonly graceDays: number;
  readonly commitmentDays: number;
}

/** Answers nobody. */
const REFUSES_ALL = new Proxy({} as RequestHandler, {
  get: () => async () => {
    throw new RoostError('refused', 'this device answers nothing');
  },
});

/**
 * A device whose agent does not run: its program opens sessions with the device's own keys and asks what it likes, in whatever order.
 * Made of the session that ships, so everything it sends is well formed.
 */
export class RawDevice {
  readonly person: Person;
  readonly identity: Identity;
  readonly #platform: Platform;
  readonly #transport: Transport;
  readonly #cooperative: CooperativeId;

  private constructor(person: Person, identity: Identity, transport: Transport, cooperative: CooperativeId) {
    this.person = person;
    this.identity = identity;
    this.#platform = person.device.platform;
    this.#transport = transport;
    this.#cooperative = cooperative;
  }

  /** Ends the device's agent and takes its place. */
  static async inPlaceOf(team: Team, person: Person): Promise<RawDevice> {
    if (person.agent !== undefined) await team.stop(person);
    const platform = person.device.restart();
    const keys = await platform.vault.loadAccount();
    if (keys === undefined) throw new Error(`${person.name} has no account`);
    const identity = await loadIdentity(platform, keys);
    const { device, devicePublicKey, signer } = identity;
    const network = { device, publicKey: devicePublicKey, sign: (message: Bytes) => signer.sign(message) };
    const { transport } = await platform.network(network);
    return new RawDevice(person, identity, transport, team.cooperative);
  }

  /** @throws RoostError what the handshake throws, or 'refused' by the other side */
  async session(to: Person): Promise<Remote> {
    const { crypto, clock, random, log } = this.#platform;
    const channel = await this.#transport.connect(to.id);
    return openSession(channel, {
      suite: crypto,
      clock,
      random,
      log,
      identity: {
        certificate: this.identity.certificate,
        sign: (message) => this.identity.signer.sign(message),
      },
      cooperatives: [this.#cooperative],
      isMember: async () => true,
      handler: REFUSES_ALL,
    });
  }

  /** Agrees on terms of its own with a partner that is connected. @throws RoostError 'refused' | 'full' */
  async agree(remote: Remote, terms: Terms): Promise<AgreementId> {
    const { crypto, clock } = this.#platform;
    const { certificate } = remote.peer;
    const { gives, ...rest } = terms;
    const now = clock.now();
    const side = { bytesPerSecond: 0, hours: new Uint8Array(HOURS_BYTES).fill(0xff), gives };
    const { keys, devicePublicKey, signer } = this.identity;
    const proposal = await proposeAgreement(crypto, signer, {
      ...rest,
      cooperative: this.#cooperative,
      proposer: { account: keys.account, devicePublicKey, ...side },
      accepter: { account: certificate.account, devicePublicKey: certificate.devicePublicKey, ...side },
      madeAt: now,
      expiresAt: now + 365 * DAY_MS,
      epoch: EPOCH,
      auditHours: AUDIT_HOURS,
    });
    const { id } = await verifyAgreement(crypto, await remote.propose(proposal));
    return id;
  }
}

/** A row of bytes that look sealed, and are of no pack. */
export function madeUpRow(row: number, bytes: Bytes): LedgerRow {
  const hash = hashOfShard(bytes);
  return {
    row,
    packId: packIdFromBytes(hash.slice(0, PACK_ID_BYTES)),
    shard: 0,
    bytes: bytes.length,
    segments: Math.ceil(bytes.length / SEALED_SEGMENT_BYTES),
    hash,
  };
}
