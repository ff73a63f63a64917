import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { chromium } from 'playwright';
import type { Browser, BrowserContext, Page } from 'playwright';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { securityHeaders } from '../../signaling/security-headers.ts';
import { CHROMIUM_ARGS, findChromium } from '../tools/chromium.ts';
import type { DownloadPage } from './browser/download-page.ts';
import { expectBytes, patternBytes } from './expect-fault.ts';

declare const page: DownloadPage;

const PAGE = '<!doctype html><title>page</title><script type="module" src="page.js"></script>';
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

let folder: string;
let server: Server;
let origin: string;
let browser: Browser;
let context: BrowserContext;
let tab: Page;
/** paths that reached the server */
let asked: string[] = [];

async function bundle(entry: string, name: string, format: 'es' | 'iife'): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'silent',
    worker: { format: 'es' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      minify: false,
      target: 'es2022',
      rolldownOptions: {
        input: entry,
        output: { format, entryFileNames: name, ...(format === 'iife' ? { name: 'worker' } : {}) },
      },
    },
  });
}

/** What the build does: puts the list of files to keep into the script. */
async function serviceWorkerScript(): Promise<string> {
  const manifest = [
    { url: 'index.html', revision: '1' },
    { url: 'page.js', revision: '1' },
  ];
  const script = await readFile(join(folder, 'service-worker.js'), 'utf8');
  return script.replace('self.__WB_MANIFEST', JSON.stringify(manifest));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roost-worker-'));
  await bundle('tests/contracts/browser/download-page.ts', 'page.js', 'es');
  await bundle('workers/service-worker.ts', 'service-worker.js', 'iife');
  const script = await serviceWorkerScript();
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname.slice(1) || 'index.html';
    asked.push(path);
    const ending = path.split('.').at(-1) ?? '';
    for (const [name, value] of Object.entries(securityHeaders(false))) response.setHeader(name, value);
    response.setHeader('content-type', TYPES[ending] ?? 'text/plain');
    if (path === 'index.html') response.end(PAGE);
    else if (path === 'service-worker.js') response.end(script);
    else if (path === 'metrics') response.end('metrics of the broker');
    else
      createReadStream(join(folder, path))
        .on('error', () => response.writeHead(404).end('nothing here'))
        .pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: await findChromium(), args: [...CHROMIUM_ARGS] });
});

afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  asked = [];
  context = await browser.newContext({ acceptDownloads: true });
  tab = await context.newPage();
  await tab.goto(`${origin}/`);
  await tab.evaluate(() => page.register('service-worker.js'));
});

afterEach(() => context.close());

describe('the service worker', () => {
  it('opens the app without a network, at any of its addresses', async () => {
    await context.setOffline(true);
    for (const path of ['/', '/index.html', '/files', '/?source=pwa']) {
      await tab.goto(`${origin}${path}`);
      expect(await tab.title()).toBe('page');
    }
  });

  it('leaves the broker its paths', async () => {
    asked = [];
    await tab.goto(`${origin}/metrics`);
    expect(await tab.textContent('body')).toBe('metrics of the broker');
    await tab.goto(`${origin}/metrics`);
    expect(asked.filter((path) => path === 'metrics').length).toBe(2);
  });

  it('streams a ZIP into a download that holds every byte, under its name', async () => {
    const name = 'Zoë (1).zip';
    const [download, outcome] = await Promise.all([
      tab.waitForEvent('download'),
      tab.evaluate((given) => page.download(given, 24), name),
    ]);
    expect(outcome).toBe('done');
    expect(download.suggestedFilename()).toBe(name);
    expect(await download.failure()).toBeNull();
    const files = unzipSync(await readFile(await download.path()));
    const content = files['folder/file.bin'];
    expect(content?.length).toBe(24 * 2 ** 20);
    for (const part of [0, 1, 50, 95]) {
      expectBytes(content?.subarray(part * 2 ** 18, (part + 1) * 2 ** 18), patternBytes(2 ** 18, part + 1));
    }
  });

  it('fails the download when the page gives it up', async () => {
    const [download, outcome] = await Promise.all([
      tab.waitForEvent('download'),
      tab.evaluate(() => page.download('half.zip', 8, true)),
    ]);
    expect(outcome).toBe('given up');
    expect(await download.failure()).not.toBeNull();
  });

  it('tells the page when the user gives the download up', async () => {
    const [download, outcome] = await Promise.all([
      tab.waitForEvent('download').then(async (started) => {
        await started.cancel();
        return started;
      }),
      tab.evaluate(() => page.download('unwanted.zip', 400)),
    ]);
    expect(outcome).toBe('aborted');
    expect(await download.failure()).not.toBeNull();
  });

  it('gives nothing for an address that nobody registered', async () => {
    const status = await tab.evaluate(async () => (await fetch(`download/${'0'.repeat(32)}`)).status);
    expect(status).toBe(410);
  });
});
