import type { AgentApi, AgentState, PartnerState } from '../../../src/agent/api.ts';
import type { DeviceId } from '../../../src/core/ids.ts';

export interface StandingLawsParts {
  readonly nameOf: (device: DeviceId) => string;
  /** keeps the protocol, and was never away for longer than the time of grace */
  readonly isBlameless: (device: DeviceId) => boolean;
  readonly isHonest: (device: DeviceId) => boolean;
  readonly now: () => number;
  readonly fail: (reason: string) => void;
}

/** A change of a partner's state that somebody saw. */
export interface Seen {
  readonly at: number;
  readonly by: string;
  readonly about: string;
  readonly state: PartnerState;
  readonly reason: string | undefined;
}

interface Last {
  readonly state: PartnerState;
  /** proofs passed when the state began */
  readonly passed: number;
}

/** What an honest agent may say of others: nobody blameless is condemned, nobody suspect is cleared without a proof. */
export class StandingLaws {
  readonly #parts: StandingLawsParts;
  readonly #last = new Map<string, Last>();
  /** in the order in which they happened */
  readonly seen: Seen[] = [];

  constructor(parts: StandingLawsParts) {
    this.#parts = parts;
  }

  watch(by: string, agent: AgentApi): void {
    let told = agent.state.activity[0];
    agent.subscribe((state) => {
      this.#partners(by, state);
      for (const entry of state.activity) {
        if (entry === told) break;
        const about = entry.details['device'];
        if (entry.event !== 'audit-failed' || entry.details['reason'] !== 'wrong-bytes') continue;
        if (this.#parts.isHonest(about as DeviceId)) {
          this.#parts.fail(
            `${by} says that ${this.#parts.nameOf(about as DeviceId)}, which is honest, showed wrong bytes`,
          );
        }
      }
      told = state.activity[0];
    });
  }

  /** When somebody first said this of a partner, in milliseconds of the run. */
  first(by: string, about: string, state: PartnerState): number | undefined {
    return this.seen.find((one) => one.by === by && one.about === about && one.state === state)?.at;
  }

  /** How many have said this of a partner. */
  saidBy(about: string, state: PartnerState): ReadonlySet<string> {
    return new Set(this.seen.filter((one) => one.about === about && one.state === state).map(({ by }) => by));
  }

  #partners(by: string, { partners }: AgentState): void {
    const { nameOf, isBlameless, fail, now } = this.#parts;
    for (const { device, state, reason, online, held, proofs } of partners) {
      const key = `${by} ${device}`;
      const before = this.#last.get(key);
      if (before?.state === state) continue;
      this.#last.set(key, { state, passed: proofs.passed });
      const about = nameOf(device);
      this.seen.push({ at: now(), by, about, state, reason });
      if (state === 'reneged' && isBlameless(device)) fail(`${by} condemned ${about}, which kept its word`);
      const cleared = before?.state === 'suspect' && state === 'active' && online && held > 0;
      if (cleared && proofs.passed <= before.passed)
        fail(`${by} cleared ${about} of suspicion without a proof`);
    }
  }
}
