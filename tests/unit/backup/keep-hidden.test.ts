import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { keepHidden } from '../../../src/agent/backup/keep-hidden.ts';
import { scanSource } from '../../../src/agent/backup/scan.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { ChunkId } from '../../../src/core/ids.ts';
import { chunkIdFromBytes } from '../../../src/core/ids.ts';
import { encodeTree } from '../../../src/core/snapshot/tree.ts';
import type { TreeEntry } from '../../../src/core/snapshot/types.ts';
import { makeWorld } from '../agent/support.ts';

const id = (seed: number): ChunkId => chunkIdFromBytes(new Uint8Array(32).fill(seed));
const entry = (kind: 'file' | 'folder', name: string, chunk: number): TreeEntry => ({
  name,
  kind,
  size: 10,
  mtimeNs: 5n,
  mode: undefined,
  owner: undefined,
  target: undefined,
  chunks: [id(chunk)],
});
const file = (name: string, chunk: number): TreeEntry => entry('file', name, chunk);
const folder = (name: string, chunk: number): TreeEntry => entry('folder', name, chunk);

/** The last snapshot: its trees by their chunk. */
const TREES = new Map<ChunkId, readonly TreeEntry[]>([
  [
    id(1),
    [file('a:kept', 10), file('b:lost', 11), folder('c:whole', 2), folder('d:lost', 3), folder('seen', 4)],
  ],
  [id(2), [folder('inner', 5), file('plain', 12)]],
  [id(4), [file('e:kept', 13), file('gone', 14)]],
]);
const STORED = new Set([id(10), id(12), id(13), id(2), id(3), id(4), id(5)]);

function options(signal?: AbortSignal) {
  const trees = {
    chunks: async (ids: readonly ChunkId[]) =>
      ids.map((chunk) => {
        const entries = TREES.get(chunk);
        if (entries === undefined) throw new RoostError('not-found', 'lost for good');
        return encodeTree({ entries });
      }),
  };
  const storedChunks = async (ids: readonly ChunkId[]) => new Set(ids.filter((chunk) => STORED.has(chunk)));
  return { repository: { storedChunks } as never, trees, clock: makeWorld('keep').clock, signal };
}

async function scanned() {
  const source = Object.assign(new MemorySource('root', { 'seen/new': 'x' }), {
    hides: (name: string) => name.includes(':'),
  });
  return scanSource(source, () => undefined, undefined);
}

describe('what a source hides and the last snapshot has', () => {
  it('is kept with all that lies in it; what of it is lost for good is told', async () => {
    const scan = await scanned();
    const kept = await keepHidden(scan, folder('root', 1), options());
    expect(kept).toMatchObject({ files: 3, bytes: 30 });
    expect(kept.lost.map(({ path }) => path).sort()).toEqual([
      'root/b:lost',
      'root/c:whole/inner',
      'root/d:lost',
    ]);
    const paths = [...scan.table.files()].map((found) => [found.path, scan.table.chunks(found.entry)]);
    expect(paths).toEqual([
      ['seen/new', undefined],
      ['a:kept', [id(10)]],
      ['c:whole/plain', [id(12)]],
      ['seen/e:kept', [id(13)]],
    ]);
  });

  it('is not looked for any more when the run is cancelled', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(keepHidden(await scanned(), folder('root', 1), options(stop.signal))).rejects.toMatchObject({
      fault: 'aborted',
    });
  });
});
