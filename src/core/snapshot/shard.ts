import type { Bytes, Place } from '../bytes.ts';
import { concatBytes, newBytes, uint32Bytes } from '../bytes.ts';
import { NO_SALT, label } from '../crypto/labels.ts';
import type { AesGcmKey, CryptoSuite, HkdfKey } from '../crypto/suite.ts';
import { RoostError } from '../errors.ts';
import type { AccountId, AgreementId, DeviceId, PackId } from '../ids.ts';
import { idBytes } from '../ids.ts';
import {
  CODE_MAX_SHARDS,
  SEALED_SEGMENT_BYTES,
  SEGMENT_BYTES,
  SHARD_MAX_SEGMENTS,
  TAG_BYTES,
} from '../limits.ts';
import { nonce } from './nonce.ts';

/** FORMAT.md "Sealed shard": the second encryption, whose tag also proves possession. */

/** Whom a shard is sealed for: all of it goes into the key and the AAD. */
export interface Seal {
  readonly owner: AccountId;
  readonly holder: DeviceId;
  readonly agreement: AgreementId;
  readonly packId: PackId;
  readonly shard: number;
}

/** Segments of a shard of that many plain bytes. */
function segmentCount(shardBytes: number): number {
  return Math.ceil(shardBytes / SEGMENT_BYTES);
}

/** Bytes of a sealed shard of that many plain bytes. */
function sealedShardBytes(shardBytes: number): number {
  return shardBytes + segmentCount(shardBytes) * TAG_BYTES;
}

/** HKDF(K_shard, info = label ‖ packId ‖ shard ‖ holder ‖ agreement). */
async function shardKey(suite: CryptoSuite, shard: HkdfKey, seal: Seal): Promise<AesGcmKey> {
  const info = concatBytes(
    label('shard-seal'),
    idBytes(seal.packId),
    uint32Bytes(seal.shard),
    idBytes(seal.holder),
    idBytes(seal.agreement),
  );
  return suite.deriveAesGcm(shard, NO_SALT, info);
}

/** owner ‖ holder ‖ packId ‖ shard ‖ segment ‖ segment count. */
function segmentAad(seal: Seal, index: number, segments: number): Bytes {
  return concatBytes(
    idBytes(seal.owner),
    idBytes(seal.holder),
    idBytes(seal.packId),
    uint32Bytes(seal.shard),
    uint32Bytes(index),
    uint32Bytes(segments),
  );
}

/**
 * Seals a whole shard.
 * @param place gives the bytes for it
 * @throws RoostError 'usage' when it is empty or larger than a pack
 */
export async function sealShard(
  suite: CryptoSuite,
  shardSecret: HkdfKey,
  seal: Seal,
  plain: Bytes,
  place: Place = newBytes,
): Promise<{ readonly sealed: Bytes; readonly segments: number }> {
  const segments = segmentCount(plain.length);
  checkBounds(seal, segments);
  const key = await shardKey(suite, shardSecret, seal);
  const sealed = place(sealedShardBytes(plain.length));
  const sealSegment = async (index: number): Promise<void> => {
    const start = index * SEGMENT_BYTES;
    const segment = plain.subarray(start, start + SEGMENT_BYTES);
    const at = index * SEALED_SEGMENT_BYTES;
    const into = sealed.subarray(at, at + segment.length + TAG_BYTES);
    await suite.seal(key, nonce(index), segmentAad(seal, index, segments), segment, into);
  };
  await Promise.all(Array.from({ length: segments }, (_, index) => sealSegment(index)));
  return { sealed, segments };
}

/**
 * Opens segments of one shard, each by itself.
 * @returns the plain bytes in the order given, undefined where a segment fails
 * @throws RoostError 'usage' when `segments` is out of bounds
 */
export async function openShardSegments(
  suite: CryptoSuite,
  shardSecret: HkdfKey,
  seal: Seal,
  segments: number,
  sealed: readonly { readonly index: number; readonly bytes: Bytes }[],
): Promise<(Bytes | undefined)[]> {
  checkBounds(seal, segments);
  const key = await shardKey(suite, shardSecret, seal);
  const open = async (index: number, bytes: Bytes): Promise<Bytes | undefined> => {
    const whole =
      index < segments - 1 ? bytes.length === SEALED_SEGMENT_BYTES : bytes.length <= SEALED_SEGMENT_BYTES;
    if (!Number.isInteger(index) || index < 0 || index >= segments || !whole || bytes.length <= TAG_BYTES) {
      return undefined;
    }
    try {
      return await suite.open(key, nonce(index), segmentAad(seal, index, segments), bytes);
    } catch (error) {
      if (error instanceof RoostError && error.fault === 'corrupt') return undefined;
      throw error;
    }
  };
  return Promise.all(sealed.map(({ index, bytes }) => open(index, bytes)));
}

/**
 * The hash that a ledger names a sealed shard by: SHA-256 of the SHA-256 of each segment, so that nobody needs all of a shard in one piece.
 * @returns 32 bytes
 */
export async function shardHash(suite: Pick<CryptoSuite, 'sha256'>, sealed: Bytes): Promise<Bytes> {
  const hashes: Promise<Bytes>[] = [];
  for (let at = 0; at < sealed.length; at += SEALED_SEGMENT_BYTES)
    hashes.push(suite.sha256(sealed.subarray(at, at + SEALED_SEGMENT_BYTES)));
  return suite.sha256(concatBytes(...(await Promise.all(hashes))));
}

function checkBounds(seal: Seal, segments: number): void {
  if (!Number.isInteger(seal.shard) || seal.shard < 0 || seal.shard >= CODE_MAX_SHARDS) {
    throw new RoostError('usage', `"shard" must be below ${CODE_MAX_SHARDS}, got ${seal.shard}`);
  }
  if (!Number.isInteger(segments) || segments < 1 || segments > SHARD_MAX_SEGMENTS) {
    throw new RoostError('usage', `a shard must have 1 to ${SHARD_MAX_SEGMENTS} segments, got ${segments}`);
  }
}
