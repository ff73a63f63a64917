import { patternBytes } from '../contracts/expect-fault.ts';

/** What the frames in zstd.json hold: each leads a decoder through other parts of the format. */
export const ZSTD_SAMPLES: Readonly<Record<string, () => Uint8Array>> = {
  empty: () => new Uint8Array(0),
  letter: () => Uint8Array.of(0x61),
  /** blocks of one repeated byte */
  zeros: () => new Uint8Array(900_000),
  /** a raw block */
  noise: () => patternBytes(700, 9),
  words: () => words(1200),
  /** several compressed blocks, whose tables and offsets are used again */
  records: () => records(270_000),
  /** little of everything in three blocks */
  mixture: () => {
    const out = new Uint8Array(270_000);
    out.set(words(2000));
    out.set(patternBytes(1000, 4), 131_072);
    out.set(words(3000), 132_500);
    out.set(records(7000), 263_000);
    return out;
  },
};

/** A walk over a few hundred syllables, some far more frequent than others. */
function words(length: number): Uint8Array {
  const out = new Uint8Array(length);
  const chance = patternBytes(length, 3);
  for (let i = 0; i < length; i++) {
    const [a, b] = [chance[i]! & 31, chance[i >> 2]! & 15];
    out[i] = i % 6 === 5 ? 0x20 : 0x61 + Math.min(a * b, 25 * 16 - 1) / 16;
  }
  return out;
}

/** Lines of a table, much alike. */
function records(length: number): Uint8Array {
  const lines: string[] = [];
  for (let i = 0, all = 0; all < length; i++) {
    const line = `{"group":${i >> 6},"name":"member ${i % 11}","held":${(i * i) % 97},"safe":${i % 3 === 0}}\n`;
    lines.push(line);
    all += line.length;
  }
  return new TextEncoder().encode(lines.join('')).subarray(0, length);
}
