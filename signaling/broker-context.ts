import type { CryptoSuite } from '../src/core/crypto/suite.ts';
import type { Engine } from './engine.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerLog } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Presence } from './presence.ts';

/** What all handlers of one broker share. */
export interface BrokerContext {
  readonly engine: Engine;
  readonly suite: CryptoSuite;
  readonly presence: Presence;
  readonly limits: BrokerLimits;
  readonly metrics: Metrics;
  readonly log: BrokerLog;
  readonly now: () => number;
}

/** A socket just opened. */
export interface Arrival {
  /** client's address; for rate limits and the neighbourhood only */
  readonly address: string;
  /** origins that its proof may name */
  readonly origins: readonly string[];
  readonly query: URLSearchParams;
}
