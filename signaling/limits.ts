import { KIB, MIB } from '../src/core/limits.ts';

/** Bounds that an operator (or a test) may set. Rates are token buckets: `burst` at once, then `perSecond`. */
export interface BrokerLimits {
  /** open sockets in all, and from one address */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** new sockets and plain requests from one address */
  readonly arrivals: Rate;
  /** messages of one device on the signaling socket, and requests on the rendezvous socket */
  readonly signals: Rate;
  readonly requests: Rate;
  /** cooperatives one device may found; everything else on a roster is bounded by the roster's own rules */
  readonly foundings: Rate;
  /** time in which the headers of an HTTP request must have come */
  readonly headersMs: number;
  /** time from the connection to the proof of the id */
  readonly authenticationMs: number;
  /** a socket that does not answer a ping within this time is closed */
  readonly pingMs: number;
  /** bytes queued for a reader before it is dropped */
  readonly queueBytes: number;
  /** how long signals to an absent device wait for it, and how many from one device */
  readonly mailboxMs: number;
  readonly mailboxMessages: number;
}

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export const DEFAULT_LIMITS: BrokerLimits = {
  connections: 10_000,
  // A household, an office or a carrier's NAT is one address.
  connectionsPerAddress: 512,
  arrivals: { burst: 400, perSecond: 20 },
  signals: { burst: 1000, perSecond: 50 },
  requests: { burst: 1000, perSecond: 50 },
  foundings: { burst: 20, perSecond: 20 / 3600 },
  headersMs: 10_000,
  authenticationMs: 10_000,
  pingMs: 25_000,
  queueBytes: 4 * MIB,
  mailboxMs: 5_000,
  mailboxMessages: 64,
};

/** One message of PeerJS: a session description is the largest. */
export const SIGNAL_MAX_BYTES = 32 * KIB;

/** Headers of a request; browsers send one or two KiB. */
export const HTTP_HEADER_MAX_BYTES = 16 * KIB;
export const HTTP_REQUEST_TIMEOUT_MS = 15_000;
export const HTTP_KEEP_ALIVE_MS = 10_000;

const DAY_MS = 86_400_000;

/** Soft state is dropped when nobody renewed it for so long. */
export const LISTING_KEEP_MS = 60 * DAY_MS;
export const HISTORY_KEEP_MS = 60 * DAY_MS;
export const HOLDING_KEEP_MS = 60 * DAY_MS;
/** Longer than a year, so that a phrase still finds its cooperative after a long absence. */
export const HEAD_KEEP_MS = 400 * DAY_MS;

/** Devices of an account that may leave a head under one rendezvous id, and ids under which one device may. */
export const HEADS_PER_ID = 32;
export const HEADS_PER_DEVICE = 8;
/** Cooperatives in which one device may be listed. */
export const MEMBERSHIPS_PER_DEVICE = 32;
/** Holders told for one rendezvous id. */
export const FOUND_MAX = 256;
/** Rosters whose replayed state is kept in memory. */
export const ROSTERS_IN_MEMORY = 256;
/** Cooperatives one socket may watch. */
export const WATCHES_PER_SOCKET = 64;
