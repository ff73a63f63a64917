import { beforeAll, describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/adapters/memory/memory-source.ts';
import { BufferPool } from '../../../src/agent/backup/buffer-pool.ts';
import type { ScannedFile } from '../../../src/agent/backup/entry-table.ts';
import { readFiles } from '../../../src/agent/backup/file-reader.ts';
import { WINDOW_BYTES, readSteps } from '../../../src/agent/backup/read-steps.ts';
import { scanSource } from '../../../src/agent/backup/scan.ts';

import { Gate } from '../../../src/agent/gate.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { CHUNK_MAX_BYTES, MIB } from '../../../src/core/limits.ts';
import type { Codec } from '../../../src/ports/codec.ts';
import { expectBytes, patternBytes } from '../../contracts/expect-fault.ts';
import { fixedKeys, webCrypto } from '../core-format/suites.ts';

let codec: Codec;
beforeAll(async () => {
  codec = createCodecOperations(webCrypto);
  await codec.setKeys(await fixedKeys(webCrypto));
});

async function scanned(source: MemorySource): Promise<readonly ScannedFile[]> {
  return [...(await scanSource(source, () => undefined, undefined)).table.files()];
}

interface Saved {
  readonly bytes: Bytes;
  readonly ids: readonly string[];
  readonly now: { readonly size: number; readonly mtimeNs: bigint } | undefined;
}

/** Reads all, and takes the chunks as they come. */
async function readAll(source: MemorySource, files: readonly ScannedFile[]): Promise<Map<string, Saved>> {
  const found = new Map<string, Saved>();
  for await (const cuts of readFiles(files, { source, codec, gate: new Gate(), signal: undefined })) {
    for (const { file, chunks, complete, now } of cuts) {
      const before = found.get(file.path) ?? { bytes: new Uint8Array(0), ids: [] };
      found.set(file.path, {
        bytes: concatBytes(before.bytes, ...chunks.map(({ bytes }) => bytes)),
        ids: [...before.ids, ...chunks.map(({ id }) => id)],
        now: complete ? now : undefined,
      });
    }
  }
  return found;
}

/** Bytes that chunks are cut from in many places. */
function noise(length: number, seed: number): Bytes {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

describe('Reading files of a backup', () => {
  it('gives every byte of files of all sizes, cut as if each had been read as a whole', async () => {
    const contents = new Map<string, Bytes>([
      ['empty', new Uint8Array(0)],
      ['one', noise(1, 1)],
      ['shared', noise(MIB, 2)],
      ['window', noise(WINDOW_BYTES, 3)],
      ['windows', noise(2 * WINDOW_BYTES + 12_345, 4)],
      ['last', noise(300_000, 5)],
    ]);
    for (let i = 0; i < 600; i++) contents.set(`small-${i}`, patternBytes(i, i % 200));
    const source = new MemorySource('root', Object.fromEntries(contents));
    const found = await readAll(source, await scanned(source));
    expect([...found.keys()].sort()).toEqual([...contents.keys()].sort());
    for (const [path, bytes] of contents) {
      const saved = found.get(path)!;
      expectBytes(saved.bytes, bytes);
      expect(saved.now?.size).toBe(bytes.length);
      const part = { start: 0, length: bytes.length, final: true };
      const { chunks } = await codec.cut(bytes.slice(), [part]);
      expect(saved.ids).toEqual(chunks[0]?.map(({ id }) => id));
    }
  });

  it('passes over what cannot be read, in a row of files and within a large one', async () => {
    const large = noise(3 * WINDOW_BYTES, 6);
    const source = new MemorySource('root', { a: 'a', b: 'b', c: 'c', large, z: 'z' });
    source.failReads('b', 'denied');
    source.onRead = (path, offset) => {
      if (path === 'large' && offset > 0) source.failReads('large', 'corrupt');
    };
    const files = await scanned(source);
    const found = await readAll(source, files);
    const complete = [...found].filter(([, { now }]) => now !== undefined).map(([path]) => path);
    expect(complete).toEqual(['a', 'c', 'z']);
    expect(files.filter(({ fault }) => fault !== undefined).map(({ path }) => path)).toEqual(['b', 'large']);
  });

  it('tells the size and time that a file has after it was read', async () => {
    const source = new MemorySource('root', { grows: 'before', shrinks: 'before', stays: 'before' });
    const files = await scanned(source);
    source.onRead = () => {
      source.set('grows', { bytes: noise(10, 7), mtimeNs: 5n });
      source.set('shrinks', { bytes: noise(3, 8), mtimeNs: 6n });
    };
    const found = await readAll(source, files);
    expect(found.get('grows')?.now).toMatchObject({ size: 10, mtimeNs: 5n });
    expect(found.get('shrinks')?.now).toMatchObject({ size: 3, mtimeNs: 6n });
    expectBytes(found.get('shrinks')!.bytes, noise(3, 8));
    expect(found.get('stays')?.now?.mtimeNs).toBe(files.find(({ path }) => path === 'stays')?.mtimeNs);
  });

  it('uses its buffers again: a long file takes no more of them than a few windows', async () => {
    const source = new MemorySource('root', { large: noise(8 * WINDOW_BYTES, 9) });
    const buffers = new Set<ArrayBuffer>();
    const watched: Codec = {
      ...codec,
      cut: (buffer, parts) => {
        buffers.add(buffer.buffer);
        return codec.cut(buffer, parts);
      },
    };
    const options = { source, codec: watched, gate: new Gate(), signal: undefined };
    for await (const _cuts of readFiles(await scanned(source), options));
    expect(buffers.size).toBeLessThanOrEqual(4);
  });
});

describe('Steps of reading', () => {
  it('hold as many files as fit, in their order, and windows of large ones', async () => {
    const source = new MemorySource('root', {
      a: noise(MIB, 1),
      b: noise(MIB, 2),
      c: noise(MIB + 1, 3),
      d: noise(10, 4),
    });
    const steps = [...readSteps(await scanned(source))].map((step) =>
      step.kind === 'whole' ? step.files.map(({ path }) => path) : [step.file.path, step.offset, step.final],
    );
    expect(steps).toEqual([['a', 'b'], ['c', 0, true], ['d']]);
  });
});

describe('A pool of buffers', () => {
  it('keeps as many as it may, of the full length only', () => {
    const pool = new BufferPool(CHUNK_MAX_BYTES, 1);
    const [full, second, small] = [pool.take(CHUNK_MAX_BYTES), pool.take(CHUNK_MAX_BYTES), pool.take(10)];
    expect([full.length, small.length]).toEqual([CHUNK_MAX_BYTES, 10]);
    for (const buffer of [small, full, second]) pool.give(buffer);
    expect(pool.take(10)).toBe(full);
    expect(pool.take(CHUNK_MAX_BYTES)).not.toBe(second);
  });
});
