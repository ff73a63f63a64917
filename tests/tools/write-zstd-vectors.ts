import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { constants, zstdCompressSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import { ZSTD_SAMPLES } from '../vectors/zstd-samples.ts';

// Run by hand where the command `zstd` is installed: node tests/tools/write-zstd-vectors.ts
await init();
/** What the command line says of its input's size goes into the frame; from a pipe it would not know it. */
const command =
  (...options: string[]) =>
  (plain: Uint8Array): Uint8Array =>
    execFileSync('zstd', [...options, `--stream-size=${plain.length}`, '-c'], {
      input: plain,
      maxBuffer: 2 ** 24,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
const MAKERS: Readonly<Record<string, (plain: Uint8Array) => Uint8Array>> = {
  'zstd 1.5.4 -1 --check': command('-1', '--check'),
  'zstd 1.5.4 -3 --no-check': command('-3', '--no-check'),
  'zstd 1.5.4 --ultra -22 --check': command('--ultra', '-22', '--check'),
  'node:zlib level 3': (plain) => zstdCompressSync(plain),
  'node:zlib level 9, checksum': (plain) =>
    zstdCompressSync(plain, {
      params: { [constants.ZSTD_c_compressionLevel]: 9, [constants.ZSTD_c_checksumFlag]: 1 },
    }),
  '@bokuweb/zstd-wasm 0.0.27 level 3': (plain) => compress(plain, 3),
};
const frames = Object.entries(MAKERS).flatMap(([maker, make]) =>
  Object.entries(ZSTD_SAMPLES).map(([sample, plain]) => ({
    maker,
    sample,
    frame: Buffer.from(make(plain())).toString('base64'),
  })),
);
const path = new URL('../vectors/zstd.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(frames, null, 2)}\n`);
