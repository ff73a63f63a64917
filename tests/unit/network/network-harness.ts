import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import type { MemoryWorld } from '../../../src/adapters/memory/world.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { Host } from '../../../src/agent/host/host.ts';
import { createHost } from '../../../src/agent/host/host.ts';
import type { Identity } from '../../../src/agent/identity.ts';
import { loadIdentity } from '../../../src/agent/identity.ts';
import type { RosterAccess } from '../../../src/agent/membership.ts';
import { foundCooperative, joinCooperative, makeInvite } from '../../../src/agent/membership.ts';
import type { OpenCooperation } from '../../../src/agent/network/cooperation.ts';
import { createCooperation } from '../../../src/agent/network/cooperation.ts';
import { UploadLimit } from '../../../src/agent/session/upload-limit.ts';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { phraseFromEntropy, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import type { CooperativeId, DeviceId } from '../../../src/core/ids.ts';
import { GIB } from '../../../src/core/limits.ts';
import type { Rendezvous } from '../../../src/ports/rendezvous.ts';
import type { Transport } from '../../../src/ports/transport.ts';

/** A device that runs the network part of an agent. */
export interface Party {
  readonly machine: MemoryDevice;
  readonly identity: Identity;
  readonly device: DeviceId;
  readonly host: Host;
  readonly open: OpenCooperation;
  readonly rendezvous: Rendezvous;
  readonly transport: Transport;
  readonly access: RosterAccess;
}

export class Scene {
  readonly world: MemoryWorld;
  readonly phrases = new Map<string, string>();
  cooperative!: CooperativeId;
  invite = '';
  #founder: Party | undefined;

  constructor(seed: string) {
    this.world = createMemoryWorld({
      seed,
      suite: createWebCryptoSuite(globalThis.crypto.subtle),
      codec: createCodecOperations,
    });
  }

  /** Lets time pass until a promise has settled. */
  async run<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    const state = { over: false };
    const mark = (): void => {
      state.over = true;
    };
    promise.then(mark, mark);
    for (let passed = 0; !state.over && passed < limitMs; passed += 250) await this.world.clock.advance(250);
    if (!state.over) throw new Error(`nothing settled within ${limitMs} ms`);
    return promise;
  }

  /** Lets time pass until a condition holds. */
  async until(condition: () => boolean, limitMs = 120_000): Promise<void> {
    for (let passed = 0; passed < limitMs; passed += 250) {
      if (condition()) return;
      await this.world.clock.advance(250);
    }
    if (!condition()) throw new Error(`it did not come true within ${limitMs} ms: ${condition.toString()}`);
  }

  pass(ms: number): Promise<void> {
    return this.world.clock.advance(ms);
  }

  /** Starts (or starts again) a device of an account; `account` names the phrase. */
  async party(
    name: string,
    options: { readonly account?: string; readonly offer?: number; readonly start?: boolean } = {},
  ): Promise<Party> {
    return this.run(this.#party(name, options));
  }

  async #party(
    name: string,
    {
      account = name,
      offer = 10 * GIB,
      start = true,
    }: { readonly account?: string; readonly offer?: number; readonly start?: boolean },
  ): Promise<Party> {
    const machine = this.world.device(name);
    const { platform } = machine;
    const phrase = this.phrases.get(account) ?? phraseFromEntropy(platform.random.bytes(16));
    const known = this.phrases.has(account);
    this.phrases.set(account, phrase);
    const keys =
      (await platform.vault.loadAccount()) ?? (await platform.vault.saveAccount(secretsFromPhrase(phrase)));
    const identity = await loadIdentity(platform, keys, `${name}'s device`);
    const network = await platform.network({
      device: identity.device,
      publicKey: identity.devicePublicKey,
      sign: (message) => identity.signer.sign(message),
    });
    const access = { platform, rendezvous: network.rendezvous, identity, origin: 'https://roost.example' };
    if (this.#founder === undefined) {
      this.cooperative = await foundCooperative(access, 'Test', name);
      this.invite = await makeInvite(access, this.cooperative, { uses: 1000 });
    } else if (!known) {
      await joinCooperative(access, this.invite, name);
    }
    const host = await createHost({ platform, identity, offer });
    const open = await createCooperation({
      platform,
      identity,
      cooperative: this.cooperative,
      host,
      uploads: new UploadLimit(platform.clock),
      network: () => Promise.resolve(network),
    });
    if (start) await open.start();
    const party: Party = { machine, identity, device: identity.device, host, open, access, ...network };
    this.#founder ??= party;
    return party;
  }

  /** A founder `p0` and `count - 1` members, all started. */
  async parties(count: number, options: { readonly offer?: number } = {}): Promise<Party[]> {
    const parties: Party[] = [];
    for (let i = 0; i < count; i++) parties.push(await this.party(`p${i}`, options));
    await this.pass(2000);
    return parties;
  }

  /** Starts a device again after a crash. */
  async restart(
    party: Party,
    options: { readonly account?: string; readonly offer?: number } = {},
  ): Promise<Party> {
    party.machine.restart();
    return this.party(party.machine.name, options);
  }

  close(): void {
    this.world.close();
  }
}
