import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/adapters/web/crc32.ts';
import { HandleSink } from '../../src/adapters/web/handle-sink.ts';
import { ZipSink } from '../../src/adapters/web/zip-sink.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { toBytes } from '../../src/core/bytes.ts';
import { privateFolder, writeFile } from './browser/private-folder.ts';
import { zipTimes } from './browser/zip-times.ts';
import { expectBytes, expectFault, patternBytes } from './expect-fault.ts';
import type { WrittenEntry } from './sink.ts';
import { restored, sinkContract } from './sink.ts';

async function treeOf(folder: FileSystemDirectoryHandle, prefix = ''): Promise<Map<string, WrittenEntry>> {
  const found = new Map<string, WrittenEntry>();
  for await (const [name, handle] of folder.entries()) {
    const path = `${prefix}${name}`;
    if (handle.kind === 'file') {
      const file = await handle.getFile();
      found.set(path, { kind: 'file', bytes: new Uint8Array(await file.arrayBuffer()) });
    } else {
      found.set(path, { kind: 'folder' });
      for (const [below, entry] of await treeOf(handle, `${path}/`)) found.set(below, entry);
    }
  }
  return found;
}

/** An archive in memory, and what an unpacker finds in it. */
function archive(options?: ConstructorParameters<typeof ZipSink>[1]): {
  sink: ZipSink;
  bytes(): Promise<Bytes>;
  written(): Promise<Map<string, WrittenEntry>>;
} {
  const parts: Bytes[] = [];
  const sink = new ZipSink(new WritableStream<Bytes>({ write: (part) => void parts.push(part) }), options);
  const bytes = async (): Promise<Bytes> => new Uint8Array(await new Blob(parts).arrayBuffer());
  return {
    sink,
    bytes,
    written: async () => {
      const whole = await bytes();
      const times = zipTimes(whole);
      return new Map(
        Object.entries(unzipSync(whole)).map(([name, content]): [string, WrittenEntry] => {
          const path = name.replace(/\/$/, '');
          const mtimeNs = times.get(path);
          const kind = name.endsWith('/') ? 'folder' : 'file';
          return [path, { kind, bytes: toBytes(content), ...(mtimeNs === undefined ? {} : { mtimeNs }) }];
        }),
      );
    },
  };
}

sinkContract(
  'a directory handle',
  async () => {
    const { folder, remove } = await privateFolder();
    const sink = new HandleSink(folder);
    const again = (): Promise<HandleSink> => Promise.resolve(new HandleSink(folder));
    return { sink, again, written: () => treeOf(folder), cleanUp: remove };
  },
  { links: false, mtimeStepNs: undefined, modes: false },
);

sinkContract('a streamed ZIP', async () => archive(), {
  links: false,
  mtimeStepNs: 1_000_000_000n,
  modes: false,
  takesBack: false,
});

describe('a directory handle as a sink', () => {
  it('keeps a file that was there when its replacement is given up', async () => {
    const { folder, remove } = await privateFolder();
    await writeFile(folder, 'file', patternBytes(10));
    const writer = await new HandleSink(folder).file(restored('file', 100));
    await writer.write(patternBytes(50, 2));
    await writer.abort();
    expectBytes((await treeOf(folder)).get('file')?.bytes, patternBytes(10));
    await remove();
  });

  it('writes eight files at once into one folder that is not there yet', async () => {
    const { folder, remove } = await privateFolder();
    const sink = new HandleSink(folder);
    await Promise.all(
      Array.from({ length: sink.parallel }, async (_, index) => {
        const writer = await sink.file(restored(`deep/folder/${index}`, 1000));
        await writer.write(patternBytes(1000, index + 1));
        await writer.close();
      }),
    );
    await sink.finish();
    expect((await treeOf(folder)).size).toBe(sink.parallel + 2);
    await remove();
  });
});

describe('a streamed ZIP', () => {
  it('does not show a file that was given up half way', async () => {
    const { sink, written } = archive();
    const half = await sink.file(restored('half', 1000));
    await half.write(patternBytes(500));
    await half.abort();
    const whole = await sink.file(restored('whole', 3));
    await whole.write(new Uint8Array([1, 2, 3]));
    await whole.close();
    await sink.finish();
    expect([...(await written()).keys()]).toEqual(['whole']);
  });

  it('takes one file at a time', async () => {
    const { sink } = archive();
    await sink.file(restored('a', 1));
    await expectFault(sink.file(restored('b', 1)), 'usage');
    await expectFault(sink.finish(), 'usage');
  });

  it('is a ZIP64 archive when a file may be 4 GiB or more', async () => {
    const { sink, bytes, written } = archive();
    const writer = await sink.file(restored('large', 5 * 2 ** 30));
    await writer.write(patternBytes(1000));
    await writer.close();
    await sink.finish();
    expectBytes((await written()).get('large')?.bytes, patternBytes(1000));
    // version needed of the local header
    expect(new DataView((await bytes()).buffer).getUint16(4, true)).toBe(45);
  });

  it('holds more than 65,535 entries', async () => {
    const { sink, written } = archive();
    for (let i = 0; i < 65_600; i++) await sink.folder(restored(`f${i}`));
    await sink.finish();
    expect((await written()).size).toBe(65_600);
  });

  it('escapes names that Windows does not take only when asked', async () => {
    for (const [portableNames, expected] of [
      [true, 'a%3Ab/%43ON'],
      [false, 'a:b/CON'],
    ] as const) {
      const { sink, written } = archive({ portableNames });
      const writer = await sink.file(restored('a:b/CON', 0));
      await writer.close();
      await sink.finish();
      expect([...(await written()).keys()]).toEqual([expected]);
    }
  });

  it('stops with aborted when whoever takes the bytes gives up', async () => {
    let taken = 0;
    const sink = new ZipSink(
      new WritableStream<Bytes>({
        write: () => {
          if (++taken > 3) throw new Error('the download was cancelled');
        },
      }),
    );
    const writer = await sink.file(restored('file', 10_000));
    await expectFault(
      (async () => {
        for (let i = 0; i < 10; i++) await writer.write(patternBytes(1000));
      })(),
      'aborted',
    );
  });
});

describe('the CRC-32', () => {
  it('is that of the standard, however the bytes are cut', () => {
    const text = new TextEncoder().encode('123456789');
    expect(crc32(0, text)).toBe(0xcbf43926);
    const bytes = patternBytes(1000);
    const whole = crc32(0, bytes);
    for (const cut of [0, 1, 7, 8, 9, 500, 999]) {
      expect(crc32(crc32(0, bytes.subarray(0, cut)), bytes.subarray(cut))).toBe(whole);
    }
  });
});
