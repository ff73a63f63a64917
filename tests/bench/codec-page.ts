// Bundled by codec-chromium.ts: a page that seals the folder that was picked.
import { CodecPool } from '../../src/adapters/web/codec-pool.ts';
import { fileListSources } from '../../src/adapters/web/file-list-source.ts';
import { systemRandom } from '../../src/adapters/web/system-random.ts';
import { createWebCryptoSuite } from '../../src/core/crypto/webcrypto.ts';
import type { CodecRun } from './codec-work.ts';
import { sealFolder } from './codec-work.ts';

async function benchCodec(): Promise<CodecRun> {
  const input = document.querySelector('input');
  const [source] = await fileListSources(input?.files ?? [], 'loose');
  if (source === undefined) throw new Error('no folder was picked');
  const codec = new CodecPool();
  const suite = createWebCryptoSuite(crypto.subtle);
  const run = await sealFolder(source, { codec, suite, random: systemRandom });
  await codec.close();
  return run;
}

Object.assign(globalThis, { benchCodec });
