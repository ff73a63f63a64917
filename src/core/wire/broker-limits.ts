import { CERTIFICATE_MAX_BYTES, HEAD_MAX_BYTES, KIB } from '../limits.ts';

/** Bounds of the frames between a device and its broker, each with its reason. */

/** A frame to the broker: the longest holds a head. */
export const TO_BROKER_MAX_BYTES = HEAD_MAX_BYTES + 32 * KIB;
/** A frame from the broker: a page of a list. */
export const FROM_BROKER_MAX_BYTES = 256 * KIB;
/** Bytes of records in one page; the frame around them is small. */
export const PAGE_BYTES = 192 * KIB;

/** A sealed head with its seal and signature. */
export const LEFT_HEAD_MAX_BYTES = HEAD_MAX_BYTES + KIB;
/** Rendezvous ids one device announces for one cooperative; 32 bytes each. */
export const HOLDINGS_MAX = 2048;
/** Words a device says about itself. */
export const LISTING_TEXT_MAX_BYTES = 64;
/** One directory entry with its certificate, for counting pages. */
export const DIRECTORY_ENTRY_MAX_BYTES = CERTIFICATE_MAX_BYTES + KIB;
export const DIRECTORY_PAGE_ENTRIES = Math.floor(PAGE_BYTES / DIRECTORY_ENTRY_MAX_BYTES);
/** Entries in a page of a roster, should they be tiny. */
export const ROSTER_PAGE_ENTRIES = 4096;
export const FOUND_PAGE_ENTRIES = 256;
export const HEADS_PAGE_ENTRIES = 3;

export const ICE_SERVERS_MAX = 16;
export const ICE_TEXT_MAX_BYTES = 512;
/** Text of a fault, for people. */
export const FAULT_TEXT_MAX_BYTES = 512;

/** A device waits this long for a reply before it counts the broker as away. */
export const BROKER_REQUEST_TIMEOUT_MS = 10_000;
