/// <reference lib="webworker" />
import { toBytes } from '../src/core/bytes.ts';
import { RoostError } from '../src/core/errors.ts';
import type { Zstd } from '../src/core/zstd/engine.ts';
import { PLAIN_ZSTD, ZSTD_LEVEL } from '../src/core/zstd/engine.ts';
import { release } from './release.ts';

/** zstd as WebAssembly where that may run; plain JavaScript where it is missing (iOS Lockdown Mode) or refused. */
export async function loadZstd(level = ZSTD_LEVEL): Promise<Zstd> {
  if (typeof WebAssembly === 'undefined') return PLAIN_ZSTD;
  try {
    const module = await compiledModule();
    // Imported only now: the package throws where there is no WebAssembly.
    const { init, compress, decompress } = await import('@bokuweb/zstd-wasm');
    // Its types are those for Node.js, where it takes nothing; in the browser it takes an address or bytes.
    const start: (wasm: ArrayBuffer) => Promise<void> = init;
    await start(module);
    let former: ArrayBuffer | undefined;
    return {
      // Each frame is good until the next.
      compress: (plain) => {
        if (former !== undefined) release(former);
        const frame = toBytes(compress(plain, level));
        former = frame.buffer;
        return frame;
      },
      decompress: (frame) => toBytes(decompress(frame)),
    };
  } catch {
    return PLAIN_ZSTD;
  }
}

/** The package's init never ends when its module does not load or compile; so this is tried first. */
async function compiledModule(): Promise<ArrayBuffer> {
  // A path, since the package exports no name for it.
  const url = new URL('../node_modules/@bokuweb/zstd-wasm/dist/web/zstd.wasm', import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new RoostError('internal', `${url.href} must load, got ${response.status}`);
  const bytes = await response.arrayBuffer();
  await WebAssembly.compile(bytes);
  return bytes;
}
