import { beforeAll, describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/core/bytes.ts';
import { concatBytes, toBytes, uint32Bytes } from '../../src/core/bytes.ts';
import { RoostError } from '../../src/core/errors.ts';
import { BUNDLE_MAX_BYTES } from '../../src/core/limits.ts';
import { decodeBundle, encodeBundle } from '../../src/core/snapshot/bundle.ts';
import type { Zstd } from '../../src/core/zstd/engine.ts';
import { PLAIN_ZSTD } from '../../src/core/zstd/engine.ts';
import golden from '../vectors/zstd.json' with { type: 'json' };
import { ZSTD_SAMPLES } from '../vectors/zstd-samples.ts';
import { expectBytes, patternBytes } from './expect-fault.ts';

export interface GoldenFrame {
  readonly name: string;
  readonly plain: Uint8Array;
  readonly frame: Bytes;
  readonly hasChecksum: boolean;
}

/** Frames of the command line, of Node.js and of WebAssembly, with what they hold. */
export const GOLDEN_FRAMES: readonly GoldenFrame[] = golden.map(({ maker, sample, frame: base64 }) => {
  const frame = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const plain = ZSTD_SAMPLES[sample]!();
  return { name: `${sample} by ${maker}`, plain, frame, hasChecksum: (frame[4]! & 4) !== 0 };
});

export const zstdBundle = (frame: Uint8Array, plainLength: number): Bytes =>
  concatBytes([2], uint32Bytes(plainLength), frame);

/** The message of the fault that a damaged bundle must give. */
function corruptMessage(bundle: Bytes, zstd: Zstd): string {
  try {
    decodeBundle(bundle, zstd);
  } catch (error) {
    if (error instanceof RoostError && error.fault === 'corrupt') return error.message;
    throw error;
  }
  throw new Error('it was decoded');
}

/** Damage is told, or did none: nothing but the fault 'corrupt', or as many bytes as declared, and with a checksum the very same. */
export function expectReadOrCorrupt(
  damaged: Uint8Array,
  { plain, hasChecksum }: GoldenFrame,
  zstd: Zstd,
): void {
  let read: Bytes;
  try {
    read = decodeBundle(zstdBundle(damaged, plain.length), zstd);
  } catch (error) {
    if (error instanceof RoostError && error.fault === 'corrupt') return;
    throw error;
  }
  if (hasChecksum) expectBytes(read, plain);
  else expect(read.length).toBe(plain.length);
}

/** What every zstd must keep. */
export function zstdContract(name: string, make: () => Zstd | Promise<Zstd>): void {
  describe(`${name} keeps the zstd contract`, () => {
    let zstd: Zstd;
    beforeAll(async () => {
      zstd = await make();
    });
    const small = GOLDEN_FRAMES.filter(({ frame }) => frame.length < 1000);

    it.each(GOLDEN_FRAMES)('reads $name', ({ plain, frame }) => {
      expectBytes(decodeBundle(zstdBundle(frame, plain.length), zstd), plain);
    });

    it('makes frames that plain JavaScript reads, when it makes any', () => {
      for (const make of Object.values(ZSTD_SAMPLES)) {
        const plain = make();
        const framed = encodeBundle(plain, 'auto', zstd);
        expectBytes(decodeBundle(framed, zstd), plain);
        expectBytes(decodeBundle(framed, PLAIN_ZSTD), plain);
        if (zstd.compress !== undefined) {
          const bundle = zstdBundle(zstd.compress(plain), plain.length);
          expectBytes(decodeBundle(bundle, PLAIN_ZSTD), plain);
        }
      }
    });

    it('reads or refuses a frame with any byte changed', () => {
      for (const golden of small) {
        // Large plain bytes take long; how their few blocks are read does not depend on the bit.
        const masks = golden.plain.length > 100_000 ? [0x80] : [0x01, 0x80, 0xff];
        for (let at = 0; at < golden.frame.length; at++) {
          for (const mask of masks) {
            const damaged = golden.frame.slice();
            damaged[at]! ^= mask;
            expectReadOrCorrupt(damaged, golden, zstd);
          }
        }
      }
    });

    it('refuses a frame that is cut anywhere', () => {
      for (const { frame, plain } of GOLDEN_FRAMES) {
        const step = Math.ceil(frame.length / 200);
        for (let length = 0; length < frame.length; length += step)
          corruptMessage(zstdBundle(frame.subarray(0, length), plain.length), zstd);
      }
    });

    it('refuses what stands behind a frame: bytes, another frame, a skippable one', () => {
      const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0);
      for (const { frame, plain } of GOLDEN_FRAMES) {
        for (const more of [Uint8Array.of(0), new Uint8Array(4), frame, skippable])
          expect(corruptMessage(zstdBundle(concatBytes(frame, more), plain.length), zstd)).toContain(
            'must end at',
          );
        expect(corruptMessage(zstdBundle(concatBytes(skippable, frame), plain.length), zstd)).toContain(
          'must begin with',
        );
      }
    });

    it('refuses a frame of another length than the bundle says', () => {
      for (const { frame, plain } of GOLDEN_FRAMES) {
        for (const length of [plain.length + 1, Math.max(plain.length - 1, 2), BUNDLE_MAX_BYTES])
          expect(corruptMessage(zstdBundle(frame, length), zstd)).toContain(`must declare ${length} bytes`);
      }
    });

    it('stops where a frame gives more than it declares, and refuses less', () => {
      const zeros = GOLDEN_FRAMES.filter(
        ({ plain, frame }) => plain.length === 900_000 && (frame[4]! & 0x20) !== 0,
      );
      expect(zeros.length).toBeGreaterThan(0);
      for (const { frame } of zeros) {
        // the declared length lies behind the descriptor
        for (const length of [899_999, 900_001, 131_072, 300_000]) {
          const lying = frame.slice();
          new DataView(lying.buffer).setUint32(5, length, true);
          corruptMessage(zstdBundle(lying, length), zstd);
        }
      }
    });

    it('refuses in no time a short block that asks for billions of steps', () => {
      // 98,047 sequences, each of 65,536 literals and a match of 65,539: the last byte holds no bits at all.
      const sequences = [0xff, 0xff, 0xff, 0x54, 35, 0, 52, 1];
      const block = [0x01, 0x61, ...sequences];
      const started = performance.now();
      for (let i = 0; i < 100; i++)
        corruptMessage(zstdBundle(compressedFrame(131_072, block), 131_072), zstd);
      expect(performance.now() - started).toBeLessThan(5000);
    });

    it('reads noise as nothing', () => {
      for (let seed = 1; seed <= 500; seed++) {
        const block = patternBytes(4 + (seed % 60), seed);
        // a literals section of each kind
        block[0] = (block[0]! & 0xfc) | (seed & 3);
        const frame = compressedFrame(1000, [...block]);
        try {
          expect(decodeBundle(zstdBundle(frame, 1000), zstd).length).toBe(1000);
        } catch (error) {
          expect(error).toBeInstanceOf(RoostError);
          expect((error as RoostError).fault).toBe('corrupt');
        }
      }
    });
  });
}

/** A frame of one compressed block. */
function compressedFrame(plainLength: number, block: readonly number[]): Bytes {
  const header = uint32Bytes(plainLength).reverse();
  const blockHeader = (block.length << 3) | (2 << 1) | 1;
  const start = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, ...header];
  return toBytes(
    Uint8Array.from([...start, blockHeader & 255, (blockHeader >> 8) & 255, blockHeader >> 16, ...block]),
  );
}
