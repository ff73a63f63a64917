import { randomBytes } from 'node:crypto';
import { openSession } from '../../../src/agent/session/open-session.ts';
import type { SessionOptions } from '../../../src/agent/session/open-session.ts';
import type {
  AuditCommitment,
  AuditReveal,
  LossNotice,
  Peer,
  Remote,
  RequestHandler,
  ShardReceiver,
} from '../../../src/agent/session/types.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import type { Signer } from '../../../src/core/crypto/suite.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { issueCertificate } from '../../../src/core/identity/certificate.ts';
import type { AccountId, AgreementId, DeviceId } from '../../../src/core/ids.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdOfKey,
  packIdFromBytes,
} from '../../../src/core/ids.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { PairOptions, TestChannel } from './channel-pair.ts';
import { channelPair } from './channel-pair.ts';

/** Devices, a handler with shelves, a clock under the test's hand. */

export const suite = createWebCryptoSuite(globalThis.crypto.subtle);
export const NOW = 1_800_000_000_000;
export const COOPERATIVE = cooperativeIdFromBytes(new Uint8Array(32).fill(1));
export const AGREEMENT = agreementIdFromBytes(new Uint8Array(16).fill(2));

const silent = (): void => undefined;
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

/** Time stands still until `advance`. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return NOW + this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }
  pass(): undefined {
    return undefined;
  }
  abortController(): AbortController {
    return new AbortController();
  }
  /** Lets timers fire one after another, with time between for messages to travel. */
  async advance(ms: number, settle = true): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      if (settle) await turns(10);
    }
    this.#now = end;
  }
  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }
  /** The device slept: time has passed and no timer fired. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

/** Lets messages travel. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

export interface TestDevice {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly certificate: Bytes;
  readonly signer: Signer;
  readonly handler: Shelves;
}

export async function signer(): Promise<Signer> {
  const { key, publicKey } = await suite.generateSigning();
  return { publicKey, sign: (message) => suite.sign(key, message) };
}

/** A device; of a new account unless one is given. */
export async function makeDevice(account?: Signer): Promise<TestDevice> {
  const owner = account ?? (await signer());
  const key = await signer();
  const certificate = await issueCertificate(suite, owner, {
    devicePublicKey: key.publicKey,
    label: 'test',
    madeAt: NOW,
    expiresAt: NOW + 86_400_000,
  });
  return {
    device: deviceIdOfKey(key.publicKey),
    account: accountIdFromBytes(owner.publicKey),
    certificate,
    signer: key,
    handler: new Shelves(),
  };
}

/** A handler that keeps what it is given. */
export class Shelves implements RequestHandler {
  readonly shards = new Map<number, { row: LedgerRow; sealed: Bytes }>();
  readonly asked: string[] = [];
  aborted = 0;
  committed = 0;
  rosterEntries: Bytes[] = [];
  headsHeld: Bytes[] = [];
  /** what an audit is answered with */
  chance: Bytes = new Uint8Array(32).fill(9);
  proof: (Bytes | undefined)[] = [];
  readonly losses: LossNotice[] = [];
  /** records that were given without an answer */
  readonly taken: Bytes[] = [];
  /** awaited before a segment is taken, before a commit, before a get */
  gate: (what: 'segment' | 'commit' | 'get') => Promise<void> = () => Promise.resolve();

  async propose(_peer: Peer, proposal: Bytes): Promise<Bytes> {
    return concatBytes(proposal, proposal);
  }
  async agreements(): Promise<readonly Bytes[]> {
    return [new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array(4096)];
  }
  async put(_peer: Peer, _agreement: unknown, row: LedgerRow): Promise<'have' | ShardReceiver> {
    this.asked.push(`put ${row.row}`);
    if (row.row === 404) throw new RoostError('full', 'no space for row 404');
    if (this.shards.has(row.row)) return 'have';
    const parts: Bytes[] = [];
    return {
      segment: async (bytes) => {
        await this.gate('segment');
        parts.push(bytes);
      },
      commit: async () => {
        await this.gate('commit');
        this.committed++;
        this.shards.set(row.row, { row, sealed: concatBytes(...parts) });
      },
      abort: async () => {
        this.aborted++;
      },
    };
  }
  async get(_peer: Peer, _agreement: unknown, row: number, first: number, count: number): Promise<Bytes[]> {
    this.asked.push(`get ${row} ${first} ${count}`);
    await this.gate('get');
    const shard = this.shards.get(row);
    if (shard === undefined) throw new RoostError('not-found', `row ${row} is not here`);
    return Array.from({ length: count }, (_, i) =>
      shard.sealed.slice((first + i) * SEALED_SEGMENT_BYTES, (first + i + 1) * SEALED_SEGMENT_BYTES),
    );
  }
  async release(_peer: Peer, _agreement: unknown, rows: readonly number[]): Promise<void> {
    for (const row of rows) this.shards.delete(row);
  }
  async ledger(_peer: Peer, _agreement: unknown, after: number): Promise<LedgerRow[]> {
    return [...this.shards.values()]
      .map((s) => s.row)
      .filter((r) => r.row > after)
      .sort((a, b) => a.row - b.row)
      .slice(0, 1000);
  }
  async ledgerDigest(): Promise<{ rows: number; bytes: number; digest: Bytes }> {
    return { rows: this.shards.size, bytes: 7, digest: new Uint8Array(32) };
  }
  async putHead(_peer: Peer, _rendezvous: unknown, head: Bytes): Promise<void> {
    this.headsHeld.push(head);
  }
  async heads(): Promise<readonly Bytes[]> {
    return this.headsHeld;
  }
  async roster(_peer: Peer, _cooperative: unknown, from: number): Promise<readonly Bytes[]> {
    return this.rosterEntries.slice(from);
  }
  async accept(_peer: Peer, agreement: Bytes): Promise<void> {
    this.taken.push(agreement);
  }
  async openAudit(_peer: Peer, agreement: AgreementId, commitment: AuditCommitment): Promise<Bytes> {
    const { commit, digest, count } = commitment;
    this.asked.push(`audit ${agreement} ${[commit[0], digest[0], count].join(' ')}`);
    return this.chance;
  }
  async answerAudit(
    _peer: Peer,
    agreement: AgreementId,
    reveal: AuditReveal,
  ): Promise<readonly (Bytes | undefined)[]> {
    const { commit, chance, count } = reveal;
    this.asked.push(`answer ${agreement} ${[commit[0], chance[0], count].join(' ')}`);
    return this.proof;
  }
  async receipt(_peer: Peer, receipt: Bytes): Promise<Bytes> {
    return concatBytes(receipt, receipt);
  }
  async loss(_peer: Peer, loss: LossNotice): Promise<void> {
    this.losses.push(loss);
  }
  async leave(_peer: Peer, notice: Bytes): Promise<void> {
    this.taken.push(notice);
  }
  async report(_peer: Peer, report: Bytes): Promise<void> {
    this.taken.push(report);
  }
  async reports(): Promise<readonly Bytes[]> {
    return this.taken;
  }
  async putPartnerList(_peer: Peer, list: Bytes): Promise<void> {
    this.taken.push(list);
  }
  async partnerLists(_peer: Peer, account: AccountId | undefined): Promise<readonly Bytes[]> {
    this.asked.push(`partner lists of ${account ?? 'all'}`);
    return this.taken;
  }
  async putDuty(_peer: Peer, duty: Bytes): Promise<void> {
    this.taken.push(duty);
  }
}

export function sessionOptions(
  device: TestDevice,
  clock: Clock,
  more: Partial<SessionOptions> = {},
): SessionOptions {
  return {
    suite,
    clock,
    random: { bytes: (length) => new Uint8Array(randomBytes(length)), fraction: () => 0.5 },
    log,
    identity: { certificate: device.certificate, sign: (message) => device.signer.sign(message) },
    cooperatives: [COOPERATIVE],
    isMember: () => Promise.resolve(true),
    handler: device.handler,
    ...more,
  };
}

export interface Connected {
  readonly a: TestDevice;
  readonly b: TestDevice;
  /** a's view of b, and b's of a */
  readonly toB: Remote;
  readonly toA: Remote;
  readonly channelA: TestChannel;
  readonly channelB: TestChannel;
  readonly clock: ManualClock;
}

export function pairOf(
  a: TestDevice,
  b: TestDevice,
  more: Partial<PairOptions> = {},
): [TestChannel, TestChannel] {
  return channelPair({ claimed: { initiatorSees: b.device, responderSees: a.device }, ...more });
}

export async function connect(more: Partial<PairOptions> = {}): Promise<Connected> {
  const [a, b] = await Promise.all([makeDevice(), makeDevice()]);
  const clock = new ManualClock();
  const [channelA, channelB] = pairOf(a, b, more);
  const [toB, toA] = await Promise.all([
    openSession(channelA, sessionOptions(a, clock)),
    openSession(channelB, sessionOptions(b, clock)),
  ]);
  return { a, b, toB, toA, channelA, channelB, clock };
}

/** A shard of so many bytes and its row. */
export function shard(row: number, bytes: number): { row: LedgerRow; sealed: Bytes } {
  const sealed = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i += 4096) sealed[i] = (row + i / 4096) % 256;
  return {
    sealed,
    row: {
      row,
      packId: packIdFromBytes(new Uint8Array(16).fill(row % 256)),
      shard: row % 9,
      bytes,
      segments: Math.ceil(bytes / SEALED_SEGMENT_BYTES),
      hash: new Uint8Array(32),
    },
  };
}
