import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build } from 'vite';
import { openProfile } from '../e2e/support/browser.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import type { ProcessRun } from './codec-process.ts';
import type { CodecRun } from './codec-work.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Seals folders in pages of a real Chromium, each in a browser of its own. */
export interface CodecPages {
  /** Counted from before the folder is picked; all processes of the browser together. */
  seal(tree: string): Promise<ProcessRun>;
  close(): void;
}

export async function openCodecPages(): Promise<CodecPages> {
  const { files, entry } = await bundle(join(import.meta.dirname, 'codec-page.ts'));
  const page = `<!doctype html><title>bench</title><input type="file" webkitdirectory><script type="module" src="/${entry}"></script>`;
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const body = name === '' ? page : files.get(name);
    response.statusCode = body === undefined ? 404 : 200;
    response.setHeader('Content-Type', TYPES[extname(name)] ?? 'text/html');
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    async seal(tree) {
      const workspace = await openWorkspace('bench-codec-page');
      try {
        const profile = await openProfile(workspace, 'profile');
        await profile.page.goto(`http://127.0.0.1:${port}/`);
        const before = await cpuSecondsOf(profile.directory);
        await profile.page.locator('input').setInputFiles(tree);
        const run = await profile.page.evaluate(() =>
          (globalThis as unknown as { benchCodec: () => Promise<CodecRun> }).benchCodec(),
        );
        return { ...run, cpuSeconds: (await cpuSecondsOf(profile.directory)) - before };
      } finally {
        await workspace.close();
      }
    },
    close: () => void server.close(),
  };
}

/** A page's script and what it loads, by path. */
async function bundle(script: string): Promise<{ files: Map<string, string | Uint8Array>; entry: string }> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    worker: { format: 'es' },
    build: {
      write: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: false,
      rolldownOptions: { input: script },
    },
  });
  const files = new Map<string, string | Uint8Array>();
  let entry = '';
  for (const bundled of Array.isArray(built) ? built : [built]) {
    if (!('output' in bundled)) continue;
    for (const file of bundled.output) {
      files.set(file.fileName, file.type === 'chunk' ? file.code : file.source);
      if (file.type === 'chunk' && file.isEntry) entry = file.fileName;
    }
  }
  return { files, entry };
}
