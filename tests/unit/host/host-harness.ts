import { DeviceClock, Life } from '../../../src/adapters/memory/life.ts';
import { MemoryBlobStore } from '../../../src/adapters/memory/memory-blob-store.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import type { Host } from '../../../src/agent/host/host.ts';
import { createHost } from '../../../src/agent/host/host.ts';
import type { Notice } from '../../../src/agent/host/notices.ts';
import type { SpacePromises } from '../../../src/agent/host/promises.ts';
import { AgreementBook } from '../../../src/agent/network/agreement-book.ts';
import { RosterBook } from '../../../src/agent/network/roster-book.ts';
import type { Peer, RequestHandler } from '../../../src/agent/session/types.ts';
import type { AgreementTerms } from '../../../src/core/agreement/agreement.ts';
import { isAgreement, proposeAgreement, verifyAgreement } from '../../../src/core/agreement/agreement.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import type { Signer } from '../../../src/core/crypto/suite.ts';
import { issueCertificate, verifyCertificate } from '../../../src/core/identity/certificate.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { GIB } from '../../../src/core/limits.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { Person } from '../roster/members.ts';
import { Chain, DAY, NOW, person } from '../roster/members.ts';
import type { Shard } from './store-harness.ts';
import { segmentsOf } from './store-harness.ts';

export const suite = createWebCryptoSuite(globalThis.crypto.subtle);
const silent = (): void => undefined;
const LOG: Log = { debug: silent, info: silent, warn: silent, error: silent };
const YEAR = 365 * DAY;

/** A device of an account, as owner or as somebody who asks. */
export interface Member {
  readonly person: Person;
  readonly signer: Signer;
  readonly certificate: Bytes;
  readonly peer: Peer;
}

/** A cooperative of a few accounts, and one holder of it whose requests tests answer by hand. */
export class Cooperative {
  readonly chain: Chain;
  readonly world = new VirtualClock({ startAt: NOW });
  readonly members: readonly Member[];
  /** not on the roster */
  readonly stranger: Member;

  private constructor(chain: Chain, members: readonly Member[], stranger: Member) {
    this.chain = chain;
    this.members = members;
    this.stranger = stranger;
  }

  /** @param options.commitmentDays of the policy; 0 is a team's */
  static async found(options: { readonly commitmentDays?: number } = {}): Promise<Cooperative> {
    const people = await Promise.all([1, 2, 3, 4].map((seed) => person(seed)));
    const chain = await Chain.found(people[0]!);
    const { commitmentDays = 0 } = options;
    await chain.append(people[0]!, { kind: 'policy', at: NOW, policy: { graceDays: 14, commitmentDays } });
    const seed = await chain.invite(people[0]!, 99);
    for (const other of people.slice(1)) await chain.admit(other, seed);
    const { cooperative } = chain.roster;
    const make = (who: Person, key: number): Promise<Member> => member(who, key, cooperative);
    const members = await Promise.all(people.map((who, i) => make(who, 101 + i)));
    return new Cooperative(chain, members, await make(await person(9), 109));
  }

  /** Another device of a member's account. */
  device(of: Member, key: number): Promise<Member> {
    return member(of.person, key, of.peer.cooperative);
  }

  /** The holder is the first member's device. */
  get holder(): Member {
    return this.members[0]!;
  }
}

async function member(who: Person, key: number, cooperative: Peer['cooperative']): Promise<Member> {
  const pair = await suite.importSigning(new Uint8Array(32).fill(key));
  const signer: Signer = {
    publicKey: pair.publicKey,
    sign: (message) => suite.sign(pair.key, message),
  };
  const certificate = await issueCertificate(suite, who, {
    devicePublicKey: signer.publicKey,
    label: `device ${key}`,
    madeAt: NOW,
    expiresAt: NOW + 10 * YEAR,
  });
  const verified = await verifyCertificate(suite, certificate, NOW);
  const peer = { device: verified.device, account: verified.account, certificate: verified, cooperative };
  return { person: who, signer, certificate, peer };
}

/** One run of the holder on its disk. */
export interface Run {
  readonly host: Host;
  readonly handler: RequestHandler;
  readonly promises: SpacePromises;
  readonly book: AgreementBook;
  readonly roster: RosterBook;
}

export class Holder {
  readonly cooperative: Cooperative;
  readonly disk: MemoryDisk;
  readonly notices: Notice[] = [];
  /** devices that broke their word */
  readonly shunned = new Set<string>();
  /** error of the holder's wall clock */
  readonly skew = { ms: 0 };
  readonly #random: SeededRandom;
  readonly #offer: number;

  constructor(cooperative: Cooperative, seed: string, offer = 10 * GIB) {
    this.cooperative = cooperative;
    this.#random = new SeededRandom(seed);
    this.disk = new MemoryDisk(this.#random.fork('disk'));
    this.#offer = offer;
  }

  now(): number {
    return this.cooperative.world.now() + this.skew.ms;
  }

  /** Starts it, or starts it again after a crash. */
  async start(): Promise<Run> {
    const { disk, cooperative } = this;
    disk.restart();
    const life = new Life();
    disk.onCrash(() => {
      life.end();
    });
    const { holder, chain } = cooperative;
    const meta = new MemoryMetaStore(disk, life);
    const self = { device: holder.peer.device, account: holder.peer.account };
    const id = chain.roster.cooperative;
    const host = await createHost({
      platform: {
        blobs: new MemoryBlobStore(disk, life, { storageClass: 'tab', persisted: false }),
        meta,
        crypto: suite,
        clock: new DeviceClock(cooperative.world, life, this.skew),
        random: this.#random,
        log: LOG,
      },
      identity: { device: self.device, keys: { account: self.account }, signer: holder.signer },
      offer: this.#offer,
    });
    const book = await AgreementBook.open({ meta, crypto: suite, log: LOG, cooperative: id, self });
    const roster = await RosterBook.open({ meta, crypto: suite, log: LOG, cooperative: id }, () =>
      Promise.resolve([...chain.entries]),
    );
    const served = host.serve({
      isShunned: (device) => this.shunned.has(device),
      onAgreed: () => undefined,
      cooperative: id,
      book,
      roster,
      onChange: silent,
      onNotice: (notice) => {
        this.notices.push(notice);
      },
    });
    return { host, book, roster, ...served };
  }

  /** Terms that an owner proposes. */
  terms(owner: Member, change: Partial<AgreementTerms> & { readonly gives?: number } = {}): AgreementTerms {
    const { holder, chain } = this.cooperative;
    const { gives = GIB, ...rest } = change;
    const side = ({ peer, signer }: Member): AgreementTerms['proposer'] => ({
      account: peer.account,
      devicePublicKey: signer.publicKey,
      gives,
      bytesPerSecond: 0,
      hours: new Uint8Array(21).fill(255),
    });
    const { graceDays, commitmentDays } = chain.roster.policy;
    return {
      cooperative: chain.roster.cooperative,
      proposer: side(owner),
      accepter: side(holder),
      madeAt: this.now(),
      expiresAt: this.now() + YEAR,
      graceDays,
      commitmentDays,
      epoch: 1,
      readsPerYear: 16,
      auditHours: 168,
      ...rest,
    };
  }

  /** Makes an agreement with an owner. */
  async agree(run: Run, owner: Member, change: Parameters<Holder['terms']>[1] = {}): Promise<AgreementId> {
    const proposal = await proposeAgreement(suite, owner.signer, this.terms(owner, change));
    const answer = await run.handler.propose(owner.peer, proposal);
    if (!isAgreement(answer)) throw new Error('expected an agreement, got a counter-proposal');
    return (await verifyAgreement(suite, answer)).id;
  }
}

/** Puts a whole shard by the handler. */
export async function putBy(run: Run, owner: Member, agreement: AgreementId, of: Shard): Promise<void> {
  const receiver = await run.handler.put(owner.peer, agreement, of.row);
  if (receiver === 'have') return;
  for (const segment of segmentsOf(of.sealed)) await receiver.segment(segment);
  await receiver.commit();
}
