import type { Bytes } from '../bytes.ts';
import type { Code } from '../erasure/codes.ts';
import type { AccountId, AgreementId, ChunkId, CooperativeId, DeviceId, PackId, SnapshotId } from '../ids.ts';

/** Records of a backup. Their bytes are deterministic CBOR, described in src/core/FORMAT.md. */

export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** bytes of a file; of a folder the sum of all files below it */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly mode: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly target: string | undefined;
  /** content of a file; the encoded tree of a folder (a tree longer than a chunk is cut like a file) */
  readonly chunks: readonly ChunkId[];
}

/** One folder: entries sorted by name (UTF-8 byte order), names unique. */
export interface Tree {
  readonly entries: readonly TreeEntry[];
}

export interface Snapshot {
  readonly id: SnapshotId;
  readonly device: DeviceId;
  readonly deviceLabel: string;
  readonly parent: SnapshotId | undefined;
  /** milliseconds since 1970 */
  readonly startedAt: number;
  readonly endedAt: number;
  /** chunks of the root tree, whose entries are the chosen folders */
  readonly root: readonly ChunkId[];
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** what could not be read; at most UNREADABLE_MAX entries, `unreadableCount` tells all */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
  readonly unreadableCount: number;
}

/** What is needed to fetch a pack: in the index for data and tree packs, in the head for index packs. */
export interface PackRef {
  readonly packId: PackId;
  readonly salt: Bytes; // 32
  readonly kind: 'data' | 'meta';
  readonly code: Code;
  /** plain bytes of each shard */
  readonly shardBytes: number;
  /** lengths of the sealed bundles, in order; the first begins at PACK_HEADER_BYTES of the pack */
  readonly bundles: readonly number[];
}

export interface IndexedPack extends PackRef {
  readonly chunks: readonly IndexedChunk[];
}
export interface IndexedChunk {
  readonly id: ChunkId;
  readonly bundle: number;
  readonly offset: number; // in the plain bundle
  readonly length: number;
}

/**
 * One entry of an account's journal: what a run added and took away. Every device writes its own; all parts of a device
 * replayed in order give its packs and snapshots. A part fits one bundle; parts lie in meta packs that the head lists.
 */
export interface IndexPart {
  readonly packs: readonly IndexedPack[];
  readonly removedPacks: readonly PackId[];
  readonly snapshots: readonly Snapshot[];
  readonly forgotten: readonly SnapshotId[];
}

export interface Head {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly cooperative: CooperativeId;
  /** length and hash of the roster known when it was written */
  readonly roster: { readonly length: number; readonly head: Bytes };
  /** 1, 2, 3 … of this device */
  readonly seq: number;
  /** SHA-256 of the former sealed head, 32 zero bytes for the first */
  readonly prevHash: Bytes;
  /** packs that hold the journal, oldest first */
  readonly index: readonly PackRef[];
  readonly partners: readonly HeadPartner[];
  readonly savedAt: number;
  readonly deviceLabel: string;
}
export interface HeadPartner {
  readonly device: DeviceId;
  readonly account: AccountId;
  readonly agreement: AgreementId;
}

/** One shard in the ledger that a holder and an owner keep of one agreement. */
export interface LedgerRow {
  readonly row: number;
  readonly packId: PackId;
  readonly shard: number;
  /** sealed bytes and segments */
  readonly bytes: number;
  readonly segments: number;
  /** of the sealed shard */
  readonly hash: Bytes;
}
