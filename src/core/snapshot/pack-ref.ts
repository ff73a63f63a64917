import { readCode } from '../erasure/codes.ts';
import { idBytes, packIdFromBytes } from '../ids.ts';
import { PACK_MAX_BUNDLES, PACK_MAX_BYTES, SEGMENT_BYTES } from '../limits.ts';
import type { Fields, Item } from '../schema.ts';
import { PACK_HEADER_BYTES, PACK_SALT_BYTES } from './pack.ts';
import type { PackRef } from './types.ts';

/** FORMAT.md "Pack reference": what the index and the head say of a pack. */
export function packRefValue(pack: PackRef): Record<string, unknown> {
  return {
    packId: idBytes(pack.packId),
    salt: pack.salt,
    kind: pack.kind,
    code: pack.code.name,
    m: pack.code.m,
    k: pack.code.k,
    shardBytes: pack.shardBytes,
    bundles: pack.bundles,
  };
}

/** Reads the fields of a pack reference. @throws RoostError 'malformed', also when its bundles do not fit its shards */
export function packRefFields(field: Fields): PackRef {
  const code = readCode(field);
  const shardBytes = field('shardBytes').uint(PACK_MAX_BYTES + SEGMENT_BYTES, 1);
  const bundles = field('bundles').list(PACK_MAX_BUNDLES, (length) => length.uint(PACK_MAX_BYTES, 1));
  const used = bundles.reduce((sum, length) => sum + length, PACK_HEADER_BYTES);
  if (used > code.m * shardBytes) throw field('bundles').not(`at most ${code.m * shardBytes} bytes in all`);
  return {
    packId: field('packId').id(packIdFromBytes),
    salt: field('salt').bytes(PACK_SALT_BYTES),
    kind: field('kind').oneOf(['data', 'meta']),
    code,
    shardBytes,
    bundles,
  };
}

/** A pack reference that is a map of its own. */
export function readPackRef(item: Item): PackRef {
  return item.map(packRefFields);
}
