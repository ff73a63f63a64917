import { compress, decompress, init } from '@bokuweb/zstd-wasm';
import { createNodeZstd } from '../../../src/adapters/nodejs/zstd.ts';
import { toBytes } from '../../../src/core/bytes.ts';
import { PLAIN_ZSTD } from '../../../src/core/zstd/engine.ts';
import { zstdContract } from '../../contracts/zstd.ts';

zstdContract('plain JavaScript', () => PLAIN_ZSTD);
zstdContract('node:zlib', () => createNodeZstd());
// As workers/zstd.ts uses it; that file itself runs in tests/contracts/zstd.browser.test.ts.
zstdContract('WebAssembly under Node.js', async () => {
  await init();
  return {
    compress: (plain) => compress(plain, 1),
    decompress: (frame) => toBytes(decompress(frame)),
  };
});
