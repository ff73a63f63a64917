/** Tables of the owner's side in the MetaStore. Keys are ASCII; values CBOR unless said otherwise. */
export const OWNER_TABLES = {
  /** packId → StoredPack: what the index knows of a pack, and whose it is */
  packs: 'owner-packs',
  /** packId → the chunks that lie in it, each in one pack only (raw bytes, chunk-rows.ts) */
  chunks: 'owner-pack-chunks',
  /** packId/shard/holder → Placement: our side of the ledgers */
  placements: 'owner-placements',
  /** agreementId/row → key in `placements` (ASCII): finds the rows of one ledger; may name rows that are no more */
  ledgers: 'owner-ledgers',
  /** agreementId → highest row number handed out */
  rows: 'owner-rows',
  /** packId → shards under way, to be released after a crash */
  intents: 'owner-intents',
  /** agreementId/row → size: rows to be released at their holder when it is next reached */
  releases: 'owner-releases',
  /** snapshotId → Snapshot */
  snapshots: 'owner-snapshots',
  /** hash of folder and path → size, time and chunks when last saved */
  files: 'owner-files',
  /** chunkId → plain bytes of a tree's chunk, so that browsing needs no network (raw bytes) */
  trees: 'owner-trees',
  /** device → sealed head: newest known of each device of the account (raw bytes) */
  heads: 'owner-heads',
  /** device/time/part → part of a duty taken over from another device of the account, as it was signed (src/agent/delegate/duty-store.ts) */
  duties: 'owner-duties',
  /** number (15 digits) → what was done and why, the newest 500 (src/agent/activity.ts) */
  activity: 'owner-activity',
  /** owner/packId → shards gathered to mend a pack: their volume, hashes and places in it (src/agent/repair/gathered-shards.ts) */
  gathered: 'owner-gathered',
  /** one row each: 'own' head state, 'folders', 'health' */
  state: 'owner-state',
} as const;
