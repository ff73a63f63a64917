import { KIB, MIB, SEALED_SEGMENT_BYTES } from '../limits.ts';

/** Bounds and times of a session, each with its reason. Normative text: src/core/PROTOCOL.md. */

/** Rises with every change of the messages that an older peer could not understand. */
export const PROTOCOL_VERSION = 1;

/** A hello or prove: a certificate and a few keys. Nothing longer is read from somebody unproved. */
export const HANDSHAKE_MAX_BYTES = 4 * KIB;
/** From the open channel to the welcome. */
export const HANDSHAKE_TIMEOUT_MS = 15_000;
export const NONCE_BYTES = 32;

/** Measured: PeerJS tells nothing of a dead peer and connectionState takes 16 s; ours shall not be slower. */
export const HEARTBEAT_MS = 5_000;
export const DEAD_AFTER_MS = 15_000;
/** A request during which no byte moved for this long has failed. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** However steadily it trickles, a request ends after so long: the largest shard needs 6 KB a second. */
export const REQUEST_MAX_MS = 30 * 60_000;

/** Requests at work at once in each direction; a slow link of 50 KB/s still serves each within the timeout. */
export const REQUESTS_MAX = 16;

/** One item of a payload: a sealed segment, or a packed list of small records. */
export const ITEM_MAX_BYTES = SEALED_SEGMENT_BYTES;
/** A first item as short as this travels with the request or the reply that it belongs to: most payloads are one small record. */
export const INLINE_ITEM_MAX_BYTES = 8 * KIB;
/** Items of one payload: more than a shard or any list has. */
export const ITEMS_MAX = 1024;

/** Credit a stream has before the first grant: measured, a cold connection stalls when it is filled at once. */
export const WINDOW_START_BYTES = ITEM_MAX_BYTES;
/** Credit that the receiver gives a stream at first, where it may choose: short items use it up slowly, so that none calls for more. */
export const WINDOW_FIRST_BYTES = 2 * ITEM_MAX_BYTES;
/** No stream's window grows beyond: 100 ms at 40 MB/s. */
export const WINDOW_MAX_BYTES = 4 * MIB;
/** All windows that one end grants in one session; bounds what a peer can make it hold. */
export const WINDOW_TOTAL_BYTES = 16 * MIB;

/** Bytes queued in the channel before streams wait: from the first value up to the second as the link proves fast. */
export const QUEUE_START_BYTES = 64 * KIB;
export const QUEUE_MAX_BYTES = 512 * KIB;
/** A peer that asks but does not read: queued bytes at which the session ends. */
export const QUEUE_LIMIT_BYTES = 4 * MIB;

/** Agreements of one account with one holder; heads of one rendezvous id (one a device). */
export const AGREEMENTS_MAX = 64;
export const HEADS_MAX = 64;
/** Rows named by one release, rows told by one ledger call. */
export const RELEASE_MAX_ROWS = 4096;
export const LEDGER_PAGE_ROWS = 1000;
/** Packed bytes of roster entries in one reply; the reply says when there are more. */
export const ROSTER_PAGE_BYTES = MIB;
/**
 * Bytes of lists and audits' answers that one end holds for a partner that does not take them. The longest, 512 partner lists, has
 * 8 MiB; the segments of an audit, all heads and a page of the roster together have 9, and may well be asked for at once.
 */
export const ANSWERS_MAX_BYTES = 10 * MIB;

/** Chance that each side adds to an audit: nobody guesses it, nobody finds a second one with the same hash. */
export const AUDIT_CHANCE_BYTES = 32;
/** Segments drawn by one audit: 44 find a loss of a tenth 99 times in 100; all of them stay within 4 MiB and a shard's time. */
export const AUDIT_MAX_SEGMENTS = 64;
/** Two keys, two accounts, two hashes, two signatures and some numbers. */
export const RECEIPT_MAX_BYTES = KIB;

/** A certificate, two signatures and a few fields; without the certificate. */
export const REPORT_MAX_BYTES = 2 * KIB;
export const LEAVE_NOTICE_MAX_BYTES = 512;
/** Reports that one device keeps and tells. */
export const REPORTS_MAX = 256;
/** A device's partners, 75 bytes each: more than the shards of any pack that it would make. */
export const PARTNER_LIST_MAX_PARTNERS = 64;
export const PARTNER_LIST_MAX_BYTES = 16 * KIB;
/** Devices whose partner lists one device keeps and tells: 8 MiB at most. */
export const PARTNER_LISTS_MAX = 512;
/** One part of a duty fits an item; a pack takes at most 44 bytes of it. */
export const DUTY_MAX_BYTES = 64 * KIB;
export const DUTY_PART_MAX_PACKS = 1400;
/** 5.7 million packs: 46 TB. */
export const DUTY_MAX_PARTS = 4096;

/** Text of a fault or farewell, UTF-16 units. */
export const REASON_MAX_CHARS = 300;
