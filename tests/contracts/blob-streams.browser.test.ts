import { describe, expect, it } from 'vitest';
import { BlobStreams } from '../../workers/blob-streams.ts';
import { expectBytes, patternBytes } from './expect-fault.ts';

const CONTENT = patternBytes(300_000, 4);

/** A blob whose streams bring `most` bytes and nothing more, nor an end. */
function stallingBlob(
  content: Uint8Array<ArrayBuffer>,
  most: number,
): { blob: Blob; cancelled: () => number } {
  let cancelled = 0;
  const make = (bytes: Uint8Array<ArrayBuffer>): Blob => {
    const blob = new Blob([bytes]);
    blob.slice = (from = 0, to = bytes.length): Blob => make(bytes.slice(from, to));
    blob.stream = () => {
      let left = most;
      return new ReadableStream({
        type: 'bytes',
        pull(controller) {
          if (left === 0) return new Promise<void>(() => undefined);
          controller.enqueue(bytes.slice(most - left, most - left + 1000));
          left -= 1000;
          return undefined;
        },
        cancel() {
          cancelled++;
        },
      });
    };
    return blob;
  };
  return { blob: make(content), cancelled: () => cancelled };
}

describe('blobs read as streams', () => {
  it('are read in one piece where a stream comes to a stop, and the next window after that', async () => {
    const { blob, cancelled } = stallingBlob(CONTENT, 5000);
    const streams = new BlobStreams(100);
    for (const from of [0, 100_000, 200_000]) {
      const part = { of: 1, blob, from, length: 100_000, at: 10 };
      const { buffer, bytes, error } = await streams.read(new Uint8Array(100_020), part);
      expect(error).toBeUndefined();
      expect(bytes).toBe(100_000);
      expect(buffer.length).toBe(100_020);
      expectBytes(buffer.subarray(10, 100_010), CONTENT.subarray(from, from + 100_000));
    }
    expect(cancelled()).toBe(3);
  });

  it('are read in one piece where the stream of a whole blob comes to a stop', async () => {
    const { blob, cancelled } = stallingBlob(CONTENT, 5000);
    const part = { of: 1, blob, from: 0, length: CONTENT.length, at: 0 };
    const { buffer, bytes } = await new BlobStreams(100).read(new Uint8Array(CONTENT.length), part);
    expect(bytes).toBe(CONTENT.length);
    expectBytes(buffer, CONTENT);
    expect(cancelled()).toBe(1);
  });

  it('give the buffer back where the stream fails', async () => {
    const blob = new Blob([CONTENT]);
    blob.slice = () => blob;
    blob.stream = () =>
      new ReadableStream({
        type: 'bytes',
        pull(controller) {
          controller.error(new DOMException('gone', 'NotReadableError'));
        },
      });
    const part = { of: 1, blob, from: 1000, length: 1000, at: 0 };
    const { buffer, error } = await new BlobStreams().read(new Uint8Array(2000), part);
    expect(error).toMatchObject({ name: 'NotReadableError' });
    expect(buffer.length).toBe(2000);
  });
});
