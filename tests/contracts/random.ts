import { describe, expect, it } from 'vitest';
import type { Random } from '../../src/ports/random.ts';

/** What every source of chance must keep. */
export function randomContract(name: string, make: () => Random): void {
  describe(`${name} keeps the random contract`, () => {
    it('gives as many bytes as asked for, also none and more than 65,536', () => {
      const random = make();
      for (const length of [0, 1, 32, 65_536, 65_537, 200_001]) {
        const bytes = random.bytes(length);
        expect(bytes).toBeInstanceOf(Uint8Array);
        expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
        expect(bytes.length).toBe(length);
      }
    });

    it('never gives the same 16 bytes twice', () => {
      const random = make();
      const seen = new Set(Array.from({ length: 2000 }, () => random.bytes(16).join(',')));
      expect(seen.size).toBe(2000);
    });

    it('uses every byte value about equally often, up to the end of a long array', () => {
      const bytes = make().bytes(256 * 1024);
      const counts = new Array<number>(256).fill(0);
      for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1;
      // 1024 each on average, standard deviation 32: eight of them are never met by chance
      expect(Math.min(...counts)).toBeGreaterThan(1024 - 256);
      expect(Math.max(...counts)).toBeLessThan(1024 + 256);
      expect(new Set(bytes.subarray(-1000)).size).toBeGreaterThan(200);
    });

    it('gives fractions from 0 up to but not 1, spread evenly', () => {
      const random = make();
      const tenths = new Array<number>(10).fill(0);
      for (let i = 0; i < 10_000; i++) {
        const fraction = random.fraction();
        expect(fraction >= 0 && fraction < 1).toBe(true);
        const tenth = Math.floor(fraction * 10);
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      expect(Math.min(...tenths)).toBeGreaterThan(700);
      expect(Math.max(...tenths)).toBeLessThan(1300);
    });
  });
}
