import { totalShards } from '../../core/erasure/codes.ts';
import type { Code } from '../../core/erasure/codes.ts';
import type { Codec, Seal, SealedShard } from '../../ports/codec.ts';
import type { PackFacts } from '../repository/records.ts';
import type { PlainShard } from '../restore/pack-segments.ts';

/** Makes one shard of a pack, sealed for whom it is told, from any `m` of them. The plain shards stay as they are. */
export function remakeFrom(
  codec: Codec,
  { code, shardBytes }: Pick<PackFacts, 'code' | 'shardBytes'>,
  present: readonly PlainShard[],
): (seal: Seal) => Promise<SealedShard> {
  return (seal) =>
    codec.remakeShard({
      code,
      shardBytes,
      // The codec takes its buffers along.
      present: present.map(({ shard, bytes }) => ({ shard, bytes: bytes.slice() })),
      seal,
    });
}

/** Seals a shard for another holder from the shard itself: to the codec that is one of as many copies. */
export function resealFrom(
  codec: Codec,
  { code, shardBytes }: Pick<PackFacts, 'code' | 'shardBytes'>,
  piece: PlainShard,
): (seal: Seal) => Promise<SealedShard> {
  const copies: Code = { name: 'mirror', m: 1, k: Math.max(1, totalShards(code) - 1) };
  return remakeFrom(codec, { code: copies, shardBytes }, [piece]);
}
