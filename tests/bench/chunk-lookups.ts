import { createHash } from 'node:crypto';
import { ChunkIndex } from '../../src/agent/repository/chunk-index.ts';
import { parseChunkId, parsePackId } from '../../src/core/ids.ts';
import { median, seconds } from './measure.ts';

const CHUNKS = 1_000_000;
const PACKS = 1_000;
/** Prime to the number of chunks: every chunk is asked for once, in no order that memory could follow. */
const STRIDE = 7_919;

/** A million chunks in the index: its bytes, and how many are looked up in a second. @returns lines of a Markdown table */
export async function measureChunkIndex(runs: number): Promise<string> {
  const ids = Array.from({ length: CHUNKS }, (_, i) =>
    parseChunkId(createHash('sha256').update(String(i)).digest('hex')),
  );
  const packs = Array.from({ length: PACKS }, (_, i) => parsePackId(String(i).padStart(32, '0')));
  const index = new ChunkIndex();
  ids.forEach((id, i) => {
    index.set(id, { packId: packs[i % PACKS]!, bundle: i % 32, offset: i, length: 1 });
  });
  const speeds: number[] = [];
  for (let run = 0; run < runs; run++) {
    let found = 0;
    const took = await seconds(async () => {
      for (let i = 0; i < CHUNKS; i++) if (index.get(ids[(i * STRIDE) % CHUNKS]!) !== undefined) found++;
    });
    if (found !== CHUNKS) throw new Error(`${CHUNKS} chunks must be found, got ${found}`);
    speeds.push(CHUNKS / took / 1e6);
  }
  return [
    '| chunks | bytes each | million lookups a second | runs |',
    '| ---: | ---: | ---: | ---: |',
    `| ${CHUNKS.toLocaleString('en')} | ${(index.bytes / index.size).toFixed(0)} | ${median(speeds).toFixed(2)} | ${runs} |`,
  ].join('\n');
}
