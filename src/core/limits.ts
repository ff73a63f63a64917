/** Every bound of the format and the protocol, in bytes unless named otherwise, with its reason. */

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** The latest time there is: what a Date of JavaScript holds, milliseconds since 1970. */
export const TIME_MAX_MS = 8.64e15;

/** Content-defined chunks; files up to the minimum are one chunk. WebCrypto in Chromium slows from 1 MiB a call on. */
export const CHUNK_MIN_BYTES = 64 * KIB;
export const CHUNK_AVERAGE_BYTES = 256 * KIB;
export const CHUNK_MAX_BYTES = 896 * KIB;

/** Chunks are joined into a bundle until this size, so small files compress together. */
export const BUNDLE_TARGET_BYTES = 512 * KIB;
/** Plain bytes of one bundle, never above (one chunk may make it this large). */
export const BUNDLE_MAX_BYTES = 896 * KIB;

/** A pack is closed when its sealed bundles reach this. */
export const PACK_TARGET_BYTES = 8 * MIB;
/** A pack's bytes with header, directory and padding: target, one more bundle, the directory. */
export const PACK_MAX_BYTES = 10 * MIB;
/** Bundles of one pack; bounds the directory. */
export const PACK_MAX_BUNDLES = 4096;

/** Plain bytes of a sealed segment: the unit of transfer and audit. */
export const SEGMENT_BYTES = 64 * KIB;
/** AES-GCM tag. */
export const TAG_BYTES = 16;
export const SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES;
/** Segments of one shard: a mirrored pack in one shard. */
export const SHARD_MAX_SEGMENTS = Math.ceil(PACK_MAX_BYTES / SEGMENT_BYTES);
/** Data plus parity shards of one pack: one GF(2^8) field. */
export const CODE_MAX_SHARDS = 255;

/** A frame on the wire: header, then at most one sealed segment. */
export const FRAME_HEADER_MAX_BYTES = 6 * KIB;
export const FRAME_MAX_BYTES = 72 * KIB;

export const HEAD_MAX_BYTES = 64 * KIB;
export const ROSTER_ENTRY_MAX_BYTES = 4 * KIB;
export const ROSTER_MAX_ENTRIES = 20_000;
export const CERTIFICATE_MAX_BYTES = 1 * KIB;
export const AGREEMENT_MAX_BYTES = 4 * KIB;
/** Any other CBOR record (tree part, index part, snapshot): one bundle. */
export const RECORD_MAX_BYTES = 896 * KIB;

/** Names people choose: of a cooperative, a member, a device. UTF-8 bytes. */
export const NAME_MAX_BYTES = 128;
/** One file name in a tree, UTF-8 bytes; ext4 and NTFS end at 255 characters. */
export const FILE_NAME_MAX_BYTES = 1024;
/** Depth of folders. */
export const PATH_MAX_DEPTH = 256;

/** A volume of the holder's disk is closed when it reaches this. */
export const VOLUME_MAX_BYTES = 64 * MIB;

/** Chunks of one pack: keeps a pack's index entry within one bundle. */
export const PACK_MAX_CHUNKS = 8192;
/** Unreadable paths named in a snapshot; the count tells all. */
export const UNREADABLE_MAX = 1000;
