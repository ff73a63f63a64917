import { describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { ChunkIndex } from '../../../src/agent/repository/chunk-index.ts';
import type { ChunkPlace } from '../../../src/agent/repository/records.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { encodeChunks } from '../../../src/agent/repository/chunk-rows.ts';
import { decodeFileRecord, encodeFileRecord } from '../../../src/agent/repository/records.ts';
import { Repository } from '../../../src/agent/repository/repository.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import { parseChunkId, parsePackId } from '../../../src/core/ids.ts';
import type { ChunkId } from '../../../src/core/ids.ts';
import type { IndexedChunk } from '../../../src/core/snapshot/types.ts';

const chunk = (number: number): ChunkId =>
  parseChunkId(createHash('sha256').update(String(number)).digest('hex'));
const place = (number: number): ChunkPlace => ({
  packId: parsePackId(String(number % 50).padStart(32, '0')),
  bundle: number % 7,
  offset: number,
  length: 1 + number,
});

describe('the index of chunks', () => {
  it('knows the same as a Map after any puts, moves and drops', () => {
    const random = new SeededRandom('chunk-index');
    const index = new ChunkIndex();
    const known = new Map<ChunkId, ChunkPlace>();
    for (let step = 0; step < 40_000; step++) {
      const id = chunk(Math.floor(random.fraction() * 6_000));
      if (random.fraction() < 0.6) {
        const at = place(step);
        index.set(id, at);
        known.set(id, at);
      } else {
        index.delete(id);
        known.delete(id);
      }
      if (step % 64 === 0) expect(index.get(id)).toEqual(known.get(id));
    }
    expect(index.size).toBe(known.size);
    for (let number = 0; number < 6_000; number++)
      expect(index.get(chunk(number))).toEqual(known.get(chunk(number)));
  });

  it('tells ids apart that differ in their last digit only', () => {
    const index = new ChunkIndex();
    const [a, b] = ['0', '1'].map((last) => parseChunkId('f'.repeat(63) + last)) as [ChunkId, ChunkId];
    index.set(a, place(1));
    expect(index.get(b)).toBeUndefined();
    index.set(b, place(2));
    index.delete(a);
    expect([index.get(a), index.get(b)]).toEqual([undefined, place(2)]);
  });

  it('is loaded from rows of packs as it is filled one by one', () => {
    const [loaded, filled] = [new ChunkIndex(), new ChunkIndex()];
    const { packId, ...at } = place(7);
    const ids = Array.from({ length: 3_000 }, (_, number) => chunk(number));
    loaded.load(packId, encodeChunks(ids.map((id) => ({ id, ...at }))));
    for (const id of ids) filled.set(id, { packId, ...at });
    expect(ids.map((id) => loaded.get(id))).toEqual(ids.map((id) => filled.get(id)));
    expect(() => loaded.load(packId, new Uint8Array(45))).toThrow('44 bytes each, got 45');
  });

  it('takes at most 100 bytes a chunk once there are many, also after as many were dropped', () => {
    const index = new ChunkIndex();
    for (let number = 0; number < 20_000; number++) index.set(chunk(number), place(number));
    for (let number = 0; number < 20_000; number++) index.delete(chunk(number));
    for (let number = 20_000; number < 40_000; number++) index.set(chunk(number), place(number));
    expect(index.bytes / index.size).toBeLessThan(100);
    for (let number = 40_000; number < 80_000; number++) {
      index.set(chunk(number), place(number));
      expect(index.bytes / index.size).toBeLessThan(100);
    }
    expect(index.size).toBe(60_000);
  });
});

describe('where chunks lie', () => {
  const [packA, packB] = [place(1).packId, place(2).packId];
  const chunks = (from: number, to: number): IndexedChunk[] =>
    Array.from({ length: to - from }, (_, i) => ({ id: chunk(from + i), bundle: 0, offset: i, length: 1 }));
  const open = (): { repository: Repository; again: () => Repository } => {
    const device = createMemoryWorld({ seed: 'places', mode: 'auto' }).device('owner');
    const { meta } = device.platform;
    return { repository: new Repository(meta), again: () => new Repository(meta) };
  };

  it('is one pack for each chunk, the last it was put in, also after a restart', async () => {
    const { repository, again } = open();
    const { operations } = repository;
    await repository.apply([
      operations.chunks(packA, chunks(0, 10)),
      operations.chunks(packB, chunks(20, 22)),
    ]);
    await repository.apply([operations.chunks(packB, chunks(5, 12))]);
    for (const each of [repository, again()]) {
      expect((await each.chunksOf(packA)).map(({ id }) => id)).toEqual(chunks(0, 5).map(({ id }) => id));
      const places = await each.chunkPlaces([chunk(4), chunk(5), chunk(11), chunk(12), chunk(21)]);
      expect(places.map((at) => at?.packId)).toEqual([packA, packB, packB, undefined, packB]);
    }
  });

  it('goes with the pack, and only with the one that it lies in', async () => {
    const { repository, again } = open();
    const { operations } = repository;
    await repository.apply([operations.chunks(packA, chunks(0, 10))]);
    await repository.apply([operations.chunks(packB, chunks(5, 10)), ...operations.dropPack(packA)]);
    for (const each of [repository, again()])
      expect(await each.storedChunks(chunks(0, 10).map(({ id }) => id))).toEqual(
        new Set(chunks(5, 10).map(({ id }) => id)),
      );
  });

  it('stays as it was when a write fails', async () => {
    const { repository } = open();
    const { operations } = repository;
    const bad = { kind: 'put', table: 'NO TABLE', key: 'a', value: new Uint8Array(1) } as const;
    await expect(repository.apply([operations.chunks(packA, chunks(0, 3)), bad])).rejects.toThrow();
    expect(await repository.storedChunks([chunk(0)])).toEqual(new Set());
    expect(await repository.chunksOf(packA)).toEqual([]);
  });
});

describe('what the scan remembers of a file', () => {
  it('holds the chunks of a file of 50 GB', () => {
    const chunks = Array.from({ length: 200_000 }, () => chunk(1));
    const record = { size: 50e9, mtimeNs: 1n, chunks };
    expect(decodeFileRecord(encodeFileRecord(record)).chunks.length).toBe(chunks.length);
  });
});
