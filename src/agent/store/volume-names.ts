/**
 * Volumes of the BlobStore that begin so are the owner's side's own (src/agent/repair/gathered-shards.ts); all others are the holder's,
 * who removes those that no row of its own knows.
 */
export const GATHERED_VOLUMES = 'gathered-';
