// The codec without a network, as a process of its own: `node codec-process.ts TREE` reads a folder as a backup does, and seals shards for
// 6+3 holders that nobody takes. Tells what it did as JSON.
import { directorySource } from '../../src/adapters/nodejs/source.ts';
import { createCodecPool } from '../../src/adapters/nodejs/codec-pool.ts';
import { createNodeCryptoSuite } from '../../src/adapters/nodejs/crypto-suite.ts';
import { systemRandom } from '../../src/adapters/nodejs/system-random.ts';
import { readFiles } from '../../src/agent/backup/file-reader.ts';
import { PackWriter } from '../../src/agent/backup/pack-writer.ts';
import { scanSource } from '../../src/agent/backup/scan.ts';
import { Gate } from '../../src/agent/gate.ts';
import { importAccountKeys, phraseFromEntropy, secretsFromPhrase } from '../../src/core/crypto/phrase.ts';
import { parseCode, totalShards } from '../../src/core/erasure/codes.ts';
import type { ChunkId } from '../../src/core/ids.ts';
import { agreementIdFromBytes, deviceIdOfKey } from '../../src/core/ids.ts';

/** What a run took and made. */
export interface CodecRun {
  readonly files: number;
  readonly bytes: number;
  /** sealed bundles, before redundancy */
  readonly stored: number;
  /** of the processor, all threads */
  readonly cpuSeconds: number;
  readonly seconds: number;
}

const code = parseCode('reed-solomon:6+3');
const suite = createNodeCryptoSuite();
const keys = await importAccountKeys(suite, secretsFromPhrase(phraseFromEntropy(new Uint8Array(16))));
const holders = Array.from({ length: totalShards(code) }, (_, i) => ({
  holder: deviceIdOfKey(new Uint8Array(32).fill(i)),
  agreement: agreementIdFromBytes(new Uint8Array(16).fill(i)),
}));

const began = { cpu: process.cpuUsage(), at: performance.now() };
const codec = createCodecPool();
await codec.setKeys(keys);
const source = await directorySource(process.argv[2] ?? '.');
const scanned = await scanSource(source, () => undefined, undefined);
let stored = 0;
const writer = new PackWriter({
  kind: 'data',
  code,
  codec,
  random: systemRandom,
  place: async ({ packId, salt, kind, parts, lengths }) => {
    stored += lengths.reduce((sum, length) => sum + length, 0);
    const seals = holders.map((holder, shard) => ({ ...holder, owner: keys.account, packId, shard }));
    await codec.encodePack({ packId, salt, kind, code, parts, lengths, seals });
  },
});
const seen = new Set<ChunkId>();
let bytes = 0;
const options = { source, codec, gate: new Gate(), signal: undefined };
for await (const cuts of readFiles(scanned.table.files(), options)) {
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
const { user, system } = process.cpuUsage(began.cpu);
const run: CodecRun = {
  files: scanned.files,
  bytes,
  stored,
  cpuSeconds: (user + system) / 1e6,
  seconds: (performance.now() - began.at) / 1000,
};
console.log(JSON.stringify(run));
await codec.close();
