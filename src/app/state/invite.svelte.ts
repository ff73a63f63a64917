import type { AgentApi } from '../../agent/api.ts';
import type { Fault } from '../../core/errors.ts';
import { faultOf } from '../../core/errors.ts';
import type { CooperativeId } from '../../core/ids.ts';
import { memo } from './memo.ts';

const KEY = 'invite';
/** A link is shown again for this long; then a fresh one is made, so that an old one may run out unnoticed. */
const KEEP_MS = 3 * 24 * 60 * 60 * 1000;

interface Kept {
  readonly cooperative: string;
  readonly madeAt: number;
  readonly link: string;
}

function readKept(cooperative: CooperativeId): string | undefined {
  try {
    const kept = JSON.parse(memo.get(KEY) ?? '{}') as Partial<Kept>;
    const fresh = typeof kept.madeAt === 'number' && Date.now() - kept.madeAt < KEEP_MS;
    return fresh && kept.cooperative === cooperative && typeof kept.link === 'string' ? kept.link : undefined;
  } catch {
    return undefined;
  }
}

/** The invite link that a steward shows: made once and shown again, because each one is an entry in the roster for ever. */
export class Invite {
  link = $state<string | undefined>();
  making = $state(false);
  fault = $state<Fault | undefined>();
  readonly #agent: AgentApi;

  constructor(agent: AgentApi) {
    this.#agent = agent;
  }

  keep(link: string): void {
    this.link = link;
    const cooperative = this.#agent.state.cooperative?.id;
    if (!cooperative) return;
    const kept: Kept = { cooperative, madeAt: Date.now(), link };
    memo.set(KEY, JSON.stringify(kept));
  }

  /** Shows the present link, or makes one. */
  async show(): Promise<void> {
    const cooperative = this.#agent.state.cooperative?.id;
    if (!cooperative || this.making || this.link !== undefined) return;
    this.link = readKept(cooperative);
    if (this.link === undefined) await this.renew();
  }

  async renew(): Promise<void> {
    if (this.making) return;
    this.making = true;
    this.fault = undefined;
    try {
      this.keep((await this.#agent.invite()).invite);
    } catch (error) {
      this.fault = faultOf(error);
    } finally {
      this.making = false;
    }
  }
}
