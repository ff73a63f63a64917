import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import type { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import type { AgentApi, PartnerView } from '../../../src/agent/api.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { AccountId, DeviceId } from '../../../src/core/ids.ts';
import type { Files } from '../content.ts';

const FOLDER = 'docs';

/** One member of a team: a person, a device and a folder. */
export class Person {
  readonly name: string;
  readonly device: MemoryDevice;
  readonly words: string;
  readonly account: AccountId;
  /** keeps the protocol */
  readonly honest: boolean;
  readonly source = new MemorySource(FOLDER);
  /** the files of its newest acknowledged backup; undefined before the first */
  saved: Files | undefined;
  /** may be condemned: it was away for longer than the time of grace */
  excused = false;
  agent: AgentApi | undefined;
  readonly #random: SeededRandom;
  readonly #files = new Map<string, Bytes>();

  constructor(parts: {
    readonly name: string;
    readonly device: MemoryDevice;
    readonly words: string;
    readonly account: AccountId;
    readonly honest: boolean;
    readonly random: SeededRandom;
  }) {
    this.name = parts.name;
    this.device = parts.device;
    this.words = parts.words;
    this.account = parts.account;
    this.honest = parts.honest;
    this.#random = parts.random;
  }

  get id(): DeviceId {
    const { device } = this.device;
    if (device === undefined) throw new Error(`${this.name} has never been on`);
    return device;
  }

  /** The running agent. @throws while the device is off */
  get on(): AgentApi {
    if (this.agent === undefined) throw new Error(`${this.name} is off`);
    return this.agent;
  }

  /** Writes a file that does not compress. */
  write(path: string, bytes: number): void {
    const content = this.#random.fork(`${path}/${this.#files.size}/${bytes}`).bytes(bytes);
    this.#files.set(path, content);
    this.source.set(path, content);
  }

  remove(path: string): void {
    this.#files.delete(path);
    this.source.remove(path);
  }

  files(): Files {
    return new Map([...this.#files].map(([path, bytes]) => [`${FOLDER}/${path}`, bytes]));
  }

  /** How this person's agent sees a partner. @throws when it is none */
  sees(other: Person): PartnerView {
    const view = this.on.state.partners.find(({ device }) => device === other.id);
    if (view === undefined) throw new Error(`${other.name} is no partner of ${this.name}`);
    return view;
  }

  /** Times that its agent told of something, about somebody if given. */
  told(event: string, about?: Person): number {
    return this.on.state.activity.filter(
      (entry) => entry.event === event && (about === undefined || entry.details['device'] === about.id),
    ).length;
  }
}
