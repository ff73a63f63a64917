import type { Bytes } from '../../core/bytes.ts';
import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import { verifyCertificate } from '../../core/identity/certificate.ts';
import type { DeviceCertificate } from '../../core/identity/types.ts';
import type { AccountId, CooperativeId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { Proved } from '../../core/wire/handshake.ts';
import { Handshake } from '../../core/wire/handshake.ts';
import { HANDSHAKE_MAX_BYTES, HANDSHAKE_TIMEOUT_MS, NONCE_BYTES } from '../../core/wire/limits.ts';
import type { Message } from '../../core/wire/messages.ts';
import { decodeMessage, encodeMessage } from '../../core/wire/messages.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import type { Channel } from '../../ports/transport.ts';
import { SessionRemote } from './remote.ts';
import { Session, sayBye } from './session.ts';
import type { Remote, RequestHandler } from './types.ts';
import type { UploadLimit } from './upload-limit.ts';

export interface SessionOptions extends Cancellable {
  readonly suite: CryptoSuite;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** this device's certificate, and its key's signature */
  readonly identity: { readonly certificate: Bytes; sign(message: Bytes): Promise<Bytes> };
  /** ours: an outgoing session names the first; an incoming one must name one of them */
  readonly cooperatives: readonly CooperativeId[];
  /** whether an account is on the roster of one of `cooperatives` */
  isMember(account: AccountId, cooperative: CooperativeId): Promise<boolean>;
  readonly handler: RequestHandler;
  /** shared by all sessions of this device; left out, nothing is limited */
  readonly uploads?: UploadLimit;
}

/** A device shows the same certificate in every handshake: it is verified once. */
const verified = new WeakMap<Bytes, DeviceCertificate>();

async function ownCertificate(suite: CryptoSuite, bytes: Bytes, now: number): Promise<DeviceCertificate> {
  const known = verified.get(bytes) ?? (await verifyCertificate(suite, bytes, now));
  verified.set(bytes, known);
  return known;
}

/** Messages that may wait while one is judged: an honest responder sends two at once. */
const WAITING_MAX = 2;

/**
 * Proves both ends of a fresh channel to each other and opens a session on it. The channel is closed when that fails.
 * @throws RoostError 'refused' (not who it claims to be, or no member; also when the other side refuses us), 'corrupt',
 *   'malformed', 'unsupported', 'timeout', 'unreachable' (the channel closed), 'aborted'
 */
export async function openSession(channel: Channel, options: SessionOptions): Promise<Remote> {
  const { clock, log, handler, uploads } = options;
  let session: Session | undefined;
  let opening: Opening | undefined = new Opening(channel, options, (proved) => {
    opening = undefined;
    const { certificate, cooperative } = proved;
    const peer = { device: certificate.device, account: certificate.account, certificate, cooperative };
    session = new Session({ channel, clock, log, peer, handler, uploads });
    return new SessionRemote(session);
  });
  channel.onClose((reason) => {
    session?.lost(reason);
    opening?.fail(new RoostError('unreachable', `channel closed during the handshake: ${reason}`), false);
  });
  channel.onMessage((bytes) => {
    if (session !== undefined) session.receive(bytes);
    else opening?.receive(bytes);
  });
  return opening.run();
}

/** The time before the session: one message after another, few and small, and a time limit. */
class Opening {
  readonly #channel: Channel;
  readonly #options: SessionOptions;
  readonly #onProved: (proved: Proved) => Remote;
  readonly #waiting: Bytes[] = [];
  #handshake: Handshake | undefined;
  #judging = false;
  #over = false;
  // From the start on: the channel may hand over kept messages, or its end, before `run`.
  readonly #outcome: Promise<Remote>;
  #resolve: (remote: Remote) => void = () => undefined;
  #reject: (error: RoostError) => void = () => undefined;

  constructor(channel: Channel, options: SessionOptions, onProved: (proved: Proved) => Remote) {
    this.#channel = channel;
    this.#options = options;
    this.#onProved = onProved;
    this.#outcome = new Promise<Remote>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  async run(): Promise<Remote> {
    const { clock, signal } = this.#options;
    const cancelTimer = clock.after(HANDSHAKE_TIMEOUT_MS, () => {
      this.fail(new RoostError('timeout', `handshake must end within ${HANDSHAKE_TIMEOUT_MS / 1000} s`));
    });
    const onAbort = (): void => {
      this.fail(new RoostError('aborted', 'the session was given up'));
    };
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    void this.#begin();
    try {
      return await this.#outcome;
    } finally {
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  receive(bytes: Bytes): void {
    if (this.#over) return;
    if (bytes.length > HANDSHAKE_MAX_BYTES || this.#waiting.length >= WAITING_MAX) {
      this.fail(
        new RoostError('malformed', `handshake must be few messages of at most ${HANDSHAKE_MAX_BYTES} bytes`),
      );
      return;
    }
    if (this.#handshake?.awaitsWelcome === true && !this.#judging) {
      this.#onWelcome(this.#handshake, bytes);
      return;
    }
    this.#waiting.push(bytes);
    void this.#judge();
  }

  /** Ends it; the other side is told why unless the channel is gone. */
  fail(error: RoostError, farewell = true): void {
    if (this.#over) return;
    this.#over = true;
    const { clock, log } = this.#options;
    log.info('session.refused', { device: this.#channel.claimed, fault: error.fault, reason: error.message });
    if (farewell) sayBye(this.#channel, clock, error.fault, error.message);
    else this.#channel.close();
    this.#reject(error);
  }

  async #begin(): Promise<void> {
    const { suite, clock, random, identity, cooperatives } = this.#options;
    const { claimed, binding, initiator } = this.#channel;
    try {
      const now = clock.now();
      const handshake = await Handshake.create({
        suite,
        role: initiator ? 'initiator' : 'responder',
        cooperatives,
        certificate: identity.certificate,
        self: await ownCertificate(suite, identity.certificate, now),
        sign: (message) => identity.sign(message),
        claimed,
        binding,
        nonce: random.bytes(NONCE_BYTES),
        now,
        isMember: (account, cooperative) => this.#options.isMember(account, cooperative),
      });
      if (this.#over) return;
      this.#send(handshake.start());
      this.#handshake = handshake;
    } catch (error) {
      this.#failed(error);
      return;
    }
    await this.#judge();
  }

  async #judge(): Promise<void> {
    if (this.#judging || this.#handshake === undefined) return;
    this.#judging = true;
    try {
      for (;;) {
        const bytes = this.#waiting.shift();
        if (bytes === undefined || this.#isOver()) return;
        const { message } = decodeMessage(bytes);
        if (this.#isBye(message)) return;
        const step = await this.#handshake.receive(message);
        if (this.#isOver()) return;
        this.#send(step.send);
        if (step.proved === undefined) continue;
        if (this.#waiting.length > 0) {
          throw new RoostError('malformed', 'the initiator must wait for the welcome, got a message before');
        }
        this.#succeed(step.proved);
        return;
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#judging = false;
    }
  }

  #onWelcome(handshake: Handshake, bytes: Bytes): void {
    try {
      const { message } = decodeMessage(bytes);
      if (!this.#isBye(message)) this.#succeed(handshake.welcome(message));
    } catch (error) {
      this.#failed(error);
    }
  }

  #isBye(message: Message): boolean {
    if (message.type !== 'bye') return false;
    this.fail(new RoostError(message.fault, `partner: ${message.reason}`), false);
    return true;
  }

  #isOver(): boolean {
    return this.#over;
  }

  #succeed(proved: Proved): void {
    this.#over = true;
    this.#resolve(this.#onProved(proved));
  }

  #failed(error: unknown): void {
    const known = error instanceof RoostError;
    this.fail(
      known
        ? error
        : new RoostError(faultOf(error), `handshake failed: ${messageOf(error)}`, { cause: error }),
    );
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) this.#channel.send(encodeMessage(message));
  }
}
