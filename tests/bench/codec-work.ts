import { readFiles } from '../../src/agent/backup/file-reader.ts';
import { PackWriter } from '../../src/agent/backup/pack-writer.ts';
import { scanSource } from '../../src/agent/backup/scan.ts';
import { Gate } from '../../src/agent/gate.ts';
import { importAccountKeys, phraseFromEntropy, secretsFromPhrase } from '../../src/core/crypto/phrase.ts';
import type { CryptoSuite } from '../../src/core/crypto/suite.ts';
import { parseCode, totalShards } from '../../src/core/erasure/codes.ts';
import type { ChunkId } from '../../src/core/ids.ts';
import { agreementIdFromBytes, deviceIdOfKey } from '../../src/core/ids.ts';
import type { Codec, CodecThreads } from '../../src/ports/codec.ts';
import type { Random } from '../../src/ports/random.ts';
import type { Source } from '../../src/ports/source.ts';

/** What is done in a page and under Node.js alike: this file uses nothing of either. */

/** What a run took in and made. */
export interface CodecRun {
  readonly files: number;
  readonly bytes: number;
  /** sealed bundles, before redundancy */
  readonly stored: number;
}

/** Reads a folder as a backup does, and seals shards for 6+3 holders that nobody takes. */
export async function sealFolder(
  source: Source,
  {
    codec,
    suite,
    random,
  }: { readonly codec: Codec & Partial<CodecThreads>; readonly suite: CryptoSuite; readonly random: Random },
): Promise<CodecRun> {
  const code = parseCode('reed-solomon:6+3');
  const keys = await importAccountKeys(suite, secretsFromPhrase(phraseFromEntropy(new Uint8Array(16))));
  const holders = Array.from({ length: totalShards(code) }, (_, i) => ({
    holder: deviceIdOfKey(new Uint8Array(32).fill(i)),
    agreement: agreementIdFromBytes(new Uint8Array(16).fill(i)),
  }));
  await codec.setKeys(keys);
  let stored = 0;
  const writer = new PackWriter({
    kind: 'data',
    code,
    codec,
    random,
    place: async ({ packId, salt, kind, parts, lengths }) => {
      stored += lengths.reduce((sum, length) => sum + length, 0);
      const seals = holders.map((holder, shard) => ({ ...holder, owner: keys.account, packId, shard }));
      const { shards } = await codec.encodePack({ packId, salt, kind, code, parts, lengths, seals });
      codec.giveBack?.(shards);
    },
  });
  const { table, files } = await scanSource(source, () => undefined, undefined);
  const seen = new Set<ChunkId>();
  let bytes = 0;
  for await (const cuts of readFiles(table.files(), { source, codec, gate: new Gate(), signal: undefined })) {
    for (const { chunks, read } of cuts) {
      bytes += read;
      for (const chunk of chunks) {
        if (seen.has(chunk.id)) continue;
        seen.add(chunk.id);
        await writer.add(chunk.id, chunk.bytes);
      }
    }
  }
  await writer.finish();
  return { files, bytes, stored };
}
