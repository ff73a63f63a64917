import type { Bytes } from '../bytes.ts';
import { concatBytes, equalBytes } from '../bytes.ts';
import type { AgreementKey, CryptoSuite, HkdfKey } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import { verifyCertificate } from '../identity/certificate.ts';
import { signBody, verifyBody } from '../identity/signed.ts';
import type { DeviceCertificate } from '../identity/types.ts';
import type { AccountId, CooperativeId, DeviceId } from '../ids.ts';
import { idBytes } from '../ids.ts';
import { encodeUtf8 } from '../utf8.ts';
import { NONCE_BYTES, PROTOCOL_VERSION } from './limits.ts';
import type { HelloMessage, Message, ProveMessage, Role } from './messages.ts';

/**
 * PROTOCOL.md "Handshake": initiator hello → responder hello, prove → initiator prove → responder welcome. No input or output
 * of its own: messages in, messages out. Any throw ends the session; the state is then not used again.
 */
export interface HandshakeOptions {
  readonly suite: CryptoSuite;
  readonly role: Role;
  /** what the initiator names; what the responder is a member of */
  readonly cooperatives: readonly CooperativeId[];
  /** our certificate, encoded and decoded */
  readonly certificate: Bytes;
  readonly self: Pick<DeviceCertificate, 'account' | 'device'>;
  /** signs with the device's key */
  sign(message: Bytes): Promise<Bytes>;
  /** the device that the transport says is at the other end */
  readonly claimed: DeviceId;
  /** DTLS fingerprints as this end sees them */
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  /** 32 fresh random bytes */
  readonly nonce: Bytes;
  /** milliseconds since 1970 */
  readonly now: number;
  isMember(account: AccountId, cooperative: CooperativeId): Promise<boolean>;
}

/** Who the other end is, once it has proved it. */
export interface Proved {
  readonly certificate: DeviceCertificate;
  readonly cooperative: CooperativeId;
}

export interface HandshakeStep {
  /** to send now, in order */
  readonly send: readonly Message[];
  /** the handshake is complete */
  readonly proved?: Proved;
}

interface Ephemeral {
  readonly key: AgreementKey;
  readonly publicKey: Bytes;
}

interface Other {
  readonly hello: HelloMessage;
  readonly certificate: DeviceCertificate;
}

export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #ephemeral: Ephemeral;
  #state: 'idle' | 'hello' | 'prove' | 'welcome' | 'done' | 'failed' = 'idle';
  #ours: HelloMessage | undefined;
  #other: Other | undefined;
  /** what both ephemerals agree on, the same for both proofs */
  #secret: Promise<HkdfKey> | undefined;

  private constructor(options: HandshakeOptions, ephemeral: Ephemeral) {
    this.#options = options;
    this.#ephemeral = ephemeral;
  }

  /** Draws the session's ephemeral key. */
  static async create(options: HandshakeOptions): Promise<Handshake> {
    const { nonce, binding } = options;
    for (const [what, bytes] of Object.entries({ nonce, ...binding })) {
      // The transcript joins parts of fixed lengths.
      if (bytes.length !== NONCE_BYTES) {
        throw new RoostError(
          'usage',
          `handshake: "${what}" must be ${NONCE_BYTES} bytes, got ${bytes.length}`,
        );
      }
    }
    return new Handshake(options, await options.suite.generateAgreement());
  }

  /** What this end sends before anything came: the initiator's hello. */
  start(): readonly Message[] {
    this.#state = 'hello';
    const [cooperative] = this.#options.cooperatives;
    if (this.#options.role === 'responder') return [];
    if (cooperative === undefined)
      throw new RoostError('usage', 'initiator must name a cooperative, got none');
    this.#ours = this.#hello(cooperative);
    return [this.#ours];
  }

  /**
   * Takes the next message but the welcome.
   * @throws RoostError 'malformed' (out of turn), 'unsupported' (version), 'refused' (not a member, not who it claims to be),
   *   'corrupt' (a signature does not verify)
   */
  async receive(message: Message): Promise<HandshakeStep> {
    const state = this.#state;
    // A message that arrives while one is being judged, or after a failure, finds no state that takes it.
    this.#state = 'failed';
    if (state === 'hello' && message.type === 'hello') return this.#onHello(message);
    if (state === 'prove' && message.type === 'prove') return this.#onProve(message);
    throw new RoostError('malformed', `handshake must go on with "${state}", got "${message.type}"`);
  }

  /** Whether only the responder's welcome is missing. */
  get awaitsWelcome(): boolean {
    return this.#state === 'welcome';
  }

  /**
   * Takes the welcome; at once, because the responder's first requests may follow on its heels.
   * @throws RoostError 'malformed' when it is another message
   */
  welcome(message: Message): Proved {
    if (this.#state !== 'welcome' || message.type !== 'welcome') {
      this.#state = 'failed';
      throw new RoostError('malformed', `handshake must go on with "welcome", got "${message.type}"`);
    }
    return this.#finish();
  }

  async #onHello(hello: HelloMessage): Promise<HandshakeStep> {
    const { suite, role, cooperatives, self, claimed, now } = this.#options;
    if (hello.version !== PROTOCOL_VERSION) {
      throw new RoostError(
        'unsupported',
        `protocol version must be ${PROTOCOL_VERSION}, got ${hello.version}`,
      );
    }
    if (hello.role === role) {
      throw new RoostError('malformed', `hello must be of the other role, got ${hello.role} too`);
    }
    const named = this.#ours === undefined ? cooperatives : [this.#ours.cooperative];
    if (!named.includes(hello.cooperative)) {
      throw new RoostError('refused', 'this device is not of the cooperative that the hello names');
    }
    const certificate = await verifyCertificate(suite, hello.certificate, now);
    if (certificate.device === self.device) {
      throw new RoostError('refused', 'the other end shows our own certificate');
    }
    if (certificate.device !== claimed) {
      throw new RoostError('refused', `other end must be device ${claimed}, got ${certificate.device}`);
    }
    if (!(await this.#options.isMember(certificate.account, hello.cooperative))) {
      throw new RoostError('refused', `account of device ${certificate.device} is not on the roster`);
    }
    this.#other = { hello, certificate };
    if (role === 'initiator') {
      this.#state = 'prove';
      return { send: [] };
    }
    this.#ours = this.#hello(hello.cooperative);
    const prove = await this.#prove();
    this.#state = 'prove';
    return { send: [this.#ours, prove] };
  }

  async #onProve(prove: ProveMessage): Promise<HandshakeStep> {
    const { suite, role } = this.#options;
    const { certificate } = this.#exchanged();
    const theirRole = role === 'initiator' ? 'responder' : 'initiator';
    const transcript = this.#transcript(theirRole);
    await verifyBody(
      suite,
      certificate.devicePublicKey,
      'roost/1/prove',
      transcript,
      prove.signature,
      'proof of the other end',
    );
    if (!equalBytes(await this.#confirm(transcript), prove.confirm)) {
      throw new RoostError('corrupt', 'proof of the other end: key confirmation does not fit');
    }
    if (role === 'responder') return { send: [{ type: 'welcome' }], proved: this.#finish() };
    const ours = await this.#prove();
    this.#state = 'welcome';
    return { send: [ours] };
  }

  #finish(): Proved {
    const { hello, certificate } = this.#exchanged();
    this.#state = 'done';
    return { certificate, cooperative: hello.cooperative };
  }

  #hello(cooperative: CooperativeId): HelloMessage {
    const { role, certificate, nonce } = this.#options;
    const ephemeral = this.#ephemeral.publicKey;
    return { type: 'hello', version: PROTOCOL_VERSION, role, cooperative, certificate, ephemeral, nonce };
  }

  async #prove(): Promise<ProveMessage> {
    const transcript = this.#transcript(this.#options.role);
    return {
      type: 'prove',
      signature: await signBody(this.#options, 'roost/1/prove', transcript),
      confirm: await this.#confirm(transcript),
    };
  }

  /** All parts have fixed lengths; the initiator's come first, the signer's role in front. */
  #transcript(signer: Role): Bytes {
    const { role, binding, self } = this.#options;
    const { ours, hello, certificate } = this.#exchanged();
    const weInitiate = role === 'initiator';
    const inOrder = (mine: Bytes, theirs: Bytes): Bytes =>
      weInitiate ? concatBytes(mine, theirs) : concatBytes(theirs, mine);
    const identity = (of: Pick<DeviceCertificate, 'account' | 'device'>): Bytes =>
      concatBytes(idBytes(of.account), idBytes(of.device));
    return concatBytes(
      new Uint8Array([signer === 'initiator' ? 1 : 2]),
      idBytes(hello.cooperative),
      inOrder(identity(self), identity(certificate)),
      inOrder(binding.local, binding.remote),
      inOrder(ours.ephemeral, hello.ephemeral),
      inOrder(ours.nonce, hello.nonce),
    );
  }

  async #confirm(transcript: Bytes): Promise<Bytes> {
    const { suite } = this.#options;
    this.#secret ??= suite
      .agree(this.#ephemeral.key, this.#exchanged().hello.ephemeral)
      .then((shared) => suite.importHkdf(shared));
    const key = await suite.deriveHmac(
      await this.#secret,
      await suite.sha256(transcript),
      encodeUtf8('roost/1/confirm'),
    );
    return suite.hmac(key, transcript);
  }

  #exchanged(): Other & { readonly ours: HelloMessage } {
    if (this.#ours === undefined || this.#other === undefined) {
      throw new RoostError('internal', 'handshake must have both hellos before a proof');
    }
    return { ...this.#other, ours: this.#ours };
  }
}
