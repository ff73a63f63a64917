import {
  acceptAgreement,
  answersProposal,
  isAgreement,
  proposeAgreement,
  verifyProposal,
} from '../../core/agreement/agreement.ts';
import type { Agreement } from '../../core/agreement/types.ts';
import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import type { CryptoSuite, Signer } from '../../core/crypto/suite.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { AccountId, CooperativeId, DeviceId } from '../../core/ids.ts';
import { MIB } from '../../core/limits.ts';
import type { RosterPolicy } from '../../core/roster/types.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SpacePromises } from '../host/promises.ts';
import type { Remote } from '../session/types.ts';
import type { AgreementBook, BookEntry } from './agreement-book.ts';
import type { PartnerBook } from './partner-book.ts';
import type { Rooms } from './rooms.ts';

const DAY_MS = 24 * 3_600_000;
const AGREEMENT_LIFE_MS = 365 * DAY_MS;
/** Made anew when less than this is left. */
const AGREEMENT_RENEW_MS = 30 * DAY_MS;
/** The least that is asked for, so that small backups do not lead to a new agreement each. */
const SPACE_MIN_BYTES = 256 * MIB;

/** What one may read of the other a year, in times of the space given: a whole restore each month, and repairs. */
const READS_PER_YEAR = 16;
/** A holder that has proved itself often must expect an audit a fortnight. */
const AUDIT_HOURS = 14 * 24;
/** Every hour of the week, as long as nothing is known of a device's habits. */
const ALL_HOURS = new Uint8Array(21).fill(0xff);

export interface AgreeingParts {
  readonly crypto: CryptoSuite;
  readonly clock: Clock;
  readonly account: AccountId;
  /** the device's key */
  readonly signer: Signer;
  readonly cooperative: CooperativeId;
  readonly book: AgreementBook;
  readonly promises: SpacePromises;
  readonly rooms: Rooms;
  readonly policy: () => RosterPolicy;
  readonly records: PartnerBook;
}

/** Whether it is time to make an agreement anew. */
export function endsSoon({ expiresAt }: Agreement, now: number): boolean {
  return expiresAt - now <= AGREEMENT_RENEW_MS;
}

/** What a partner still has for us beside what it holds. */
async function roomAt(
  remote: Remote,
  entries: readonly BookEntry[],
): Promise<{ held: number; room: number }> {
  const ruling = entries[0];
  if (ruling === undefined) return { held: 0, room: 0 };
  const digests = await Promise.all(
    entries.map(({ agreement }) =>
      remote.ledgerDigest(agreement.id).catch((error: unknown) => {
        // A partner that forgot an agreement holds nothing under it.
        if (faultOf(error) === 'not-found') return undefined;
        throw error;
      }),
    ),
  );
  const held = digests.reduce((sum, digest) => sum + (digest?.bytes ?? 0), 0);
  if (digests[0] === undefined) return { held, room: 0 };
  return { held, room: ruling.theirs.gives - held };
}

/** Space to ask for, so that `needed` bytes fit: a power of two, at least twice as much and at least the minimum. */
function spaceToAsk(needed: number): number {
  let bytes = SPACE_MIN_BYTES;
  while (bytes < 2 * needed) bytes *= 2;
  return bytes;
}

/** What a partner said of the agreements that it knows is good for so long. */
const COMPARED_MS = 8 * 24 * 3_600_000;

/** Both may propose at once, and one of the two is refused: it looks again then. */
const TRIES = 3;

/**
 * Makes sure that a connected partner gives us `bytes` more than it holds: keeps the agreement there is, or proposes a greater
 * one. A partner that has less room is asked for half, down to what is needed.
 * @throws RoostError 'full' | 'refused' | what the session throws
 */
export async function agreeWith(parts: AgreeingParts, remote: Remote, bytes: number): Promise<BookEntry> {
  const { book, clock, rooms, records } = parts;
  const { device } = remote.peer;
  const lasting = (entry: BookEntry | undefined): entry is BookEntry =>
    entry?.endedAt === 0 && !endsSoon(entry.agreement, clock.now());
  const former = book.with(device)[0];
  if (lasting(former) && rooms.take(device, former.agreement.id, bytes)) return former;
  for (let tries = 1; ; tries++) {
    const known = tries === 1 && lasting(former) && comparedLately(parts, device);
    const remembered = known || (await learnAgreements(book, remote));
    if (remembered && !known) records.note(device, { comparedAt: clock.now() });
    const entries = remembered ? book.with(device) : [];
    const { held, room } = await roomAt(remote, entries);
    const ruling = entries[0];
    if (lasting(ruling) && room >= bytes) {
      rooms.note(device, ruling.agreement.id, room - bytes);
      return ruling;
    }
    const before = book.with(device)[0];
    try {
      return await proposeRoom(parts, remote, held + bytes);
    } catch (error) {
      if (faultOf(error) !== 'refused' || tries >= TRIES) throw error;
      await learnAgreements(book, remote);
      if (book.with(device)[0] === before) throw error;
    }
  }
}

function comparedLately({ records, clock }: AgreeingParts, device: DeviceId): boolean {
  const { comparedAt, standing } = records.get(device);
  const age = clock.now() - comparedAt;
  // Who has lost what it knew is no longer active.
  return standing.state === 'active' && age >= 0 && age < COMPARED_MS;
}

/** Asks for ample room first, then for less. */
async function proposeRoom(parts: AgreeingParts, remote: Remote, needed: number): Promise<BookEntry> {
  for (let asked = spaceToAsk(needed); ; asked = Math.max(needed, Math.floor(asked / 2))) {
    try {
      return await propose(parts, remote, asked, needed);
    } catch (error) {
      if (faultOf(error) !== 'full' || asked <= needed) throw error;
    }
  }
}

async function propose(
  parts: AgreeingParts,
  remote: Remote,
  asked: number,
  needed: number,
): Promise<BookEntry> {
  const { crypto, clock, account, signer, cooperative, book, promises } = parts;
  const { device, certificate } = remote.peer;
  const now = clock.now();
  const { graceDays, commitmentDays } = parts.policy();
  const habits = { bytesPerSecond: 0, hours: ALL_HOURS };
  // The connection may break after the partner has signed.
  parts.records.update(device, { comparedAt: 0 });
  // As much back as we take, if our offer has room; else what is left.
  const aside = await promises.setAside(device, asked, 0);
  try {
    const proposal = await proposeAgreement(crypto, signer, {
      cooperative,
      proposer: { account, devicePublicKey: signer.publicKey, gives: aside.bytes, ...habits },
      accepter: {
        account: certificate.account,
        devicePublicKey: certificate.devicePublicKey,
        gives: asked,
        ...habits,
      },
      madeAt: now,
      expiresAt: now + AGREEMENT_LIFE_MS,
      graceDays,
      commitmentDays,
      epoch: (book.with(device)[0]?.agreement.epoch ?? 0) + 1,
      readsPerYear: READS_PER_YEAR,
      auditHours: AUDIT_HOURS,
    });
    const answer = await remote.propose(proposal);
    if (!isAgreement(answer)) {
      return await acceptCounter(parts, remote, await verifyProposal(crypto, proposal), answer, needed);
    }
    if (!answersProposal(answer, proposal)) {
      throw new RoostError('refused', `partner ${device} answered a proposal with other terms`);
    }
    return await book.add(answer);
  } finally {
    aside.done();
  }
}

/**
 * Takes a counter-proposal that gives less than asked but enough.
 * @throws RoostError 'full' when it is not enough, 'refused' when more than the space has changed
 */
async function acceptCounter(
  { crypto, signer, book }: AgreeingParts,
  remote: Remote,
  asked: Agreement,
  counter: Bytes,
  needed: number,
): Promise<BookEntry> {
  const offered = await verifyProposal(crypto, counter);
  const { proposer, accepter } = offered;
  const same =
    proposer.device === asked.accepter.device &&
    proposer.account === asked.accepter.account &&
    accepter.device === asked.proposer.device &&
    accepter.account === asked.proposer.account &&
    accepter.gives <= asked.proposer.gives &&
    // What we promise beside space is what we proposed.
    accepter.bytesPerSecond === asked.proposer.bytesPerSecond &&
    equalBytes(accepter.hours, asked.proposer.hours) &&
    offered.cooperative === asked.cooperative &&
    offered.madeAt === asked.madeAt &&
    offered.expiresAt === asked.expiresAt &&
    offered.graceDays === asked.graceDays &&
    offered.commitmentDays === asked.commitmentDays &&
    offered.readsPerYear === asked.readsPerYear &&
    offered.auditHours === asked.auditHours &&
    offered.epoch === asked.epoch;
  if (!same) {
    throw new RoostError('refused', `partner ${remote.peer.device} answered a proposal with other terms`);
  }
  if (proposer.gives < needed) {
    throw new RoostError('full', `partner gives ${proposer.gives} bytes, ${needed} are needed`);
  }
  const encoded = await acceptAgreement(crypto, signer, counter);
  // The other side first: an agreement that only we know would look as if it had forgotten it.
  await remote.accept(encoded);
  return book.add(encoded);
}

/**
 * Takes in agreements that the partner has and we do not: one that it signed just before a connection broke.
 * @returns whether it still knows the agreement that rules for us; true when there is none
 */
export async function learnAgreements(book: AgreementBook, remote: Remote): Promise<boolean> {
  const { device } = remote.peer;
  const ruling = book.with(device)[0];
  const theirs = await remote.agreements();
  const known = new Set<string>();
  for (const encoded of theirs) {
    // The signatures of one that is in the book were verified when it came.
    const entry = book.find(encoded) ?? (await book.read(encoded));
    known.add(entry.agreement.id);
    if (!entry.adopted && entry.theirs.device === device) await book.add(encoded);
  }
  return ruling === undefined || known.has(ruling.agreement.id);
}
