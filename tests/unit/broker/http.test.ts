import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningBroker } from '../../../signaling/broker.ts';
import { Cleanup, PeerSocket, challengeOf, newIdentity, openPeer, peerUrl, testBroker } from './devices.ts';

const cleanup = new Cleanup();
const script = `export const text = '${'roost '.repeat(2000)}';`;
let folder: string;
let broker: RunningBroker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roost-app-'));
  await writeFile(join(folder, 'secret.txt'), 'not for anybody');
  const app = join(folder, 'app');
  await mkdir(join(app, 'assets'), { recursive: true });
  await writeFile(join(app, 'index.html'), '<!doctype html><title>Roost</title>');
  await writeFile(join(app, 'service-worker.js'), script);
  await writeFile(join(app, 'manifest.webmanifest'), '{}');
  await writeFile(join(app, 'assets', 'main-B1x_9Zq0.js'), script);
  await writeFile(join(app, 'assets', 'codec-AbCd1234.wasm'), new Uint8Array([0, 97, 115, 109]));
  await writeFile(join(app, '.hidden'), 'not for anybody');
  await symlink(join(folder, 'secret.txt'), join(app, 'link.txt'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  broker = cleanup.add(await testBroker({ appDir: join(folder, 'app') }));
});
afterEach(() => cleanup.run());

interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request whose path is sent as it is given: fetch() would tidy it up. */
function get(
  path: string,
  options: { method?: string; headers?: Record<string, string>; port?: number } = {},
) {
  return new Promise<Response>((resolve, reject) => {
    const { method = 'GET', headers = {}, port = broker.port } = options;
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('the app', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html?x=/../y', 'text/html; charset=utf-8', 'no-cache'],
    ['/service-worker.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/manifest.webmanifest', 'application/manifest+json; charset=utf-8', 'no-cache'],
    ['/assets/main-B1x_9Zq0.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/assets/codec-AbCd1234.wasm', 'application/wasm', 'public, max-age=31536000, immutable'],
  ])('serves %s as %s, %s', async (path, type, cache) => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
    expect(headers['cache-control']).toBe(cache);
  });

  it('comes with a policy that lets nothing in from elsewhere, also on errors', async () => {
    for (const path of ['/', '/missing', '/livez']) {
      const { headers } = await get(path);
      const policy = String(headers['content-security-policy']);
      for (const rule of [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self' ws: wss:",
        "worker-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ]) {
        expect(policy.split('; ')).toContain(rule);
      }
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      });
      expect(headers['strict-transport-security']).toBeUndefined();
    }
  });

  it('tells browsers to stay with https where TLS is in front', async () => {
    const behind = cleanup.add(await testBroker({ origin: 'https://roost.example' }));
    expect(behind.origin).toBe('https://roost.example');
    const { headers } = await get('/livez', { port: behind.port });
    expect(headers['strict-transport-security']).toMatch(/^max-age=\d+$/);
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    '/assets//main-B1x_9Zq0.js',
    '/assets/',
    '/link.txt',
    '/.hidden',
    '/constructor',
    '/__proto__',
    '/%00',
    '/%',
  ])('serves nothing at %s', async (path) => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body.toString()).not.toContain('not for anybody');
  });

  it('comes packed to who takes that, and whole to who does not', async () => {
    const path = '/assets/main-B1x_9Zq0.js';
    const brotli = await get(path, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(brotli.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
    const gzip = await get(path, { headers: { 'accept-encoding': 'gzip, br;q=0' } });
    expect(gzip.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzip.body).toString()).toBe(script);
    const plain = await get(path);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(script);
  });

  it('is not sent again to who has it', async () => {
    const etag = (await get('/')).headers.etag ?? '';
    const { status, body } = await get('/', { headers: { 'if-none-match': `"other", W/${etag}` } });
    expect(status).toBe(304);
    expect(body.length).toBe(0);
  });

  it('answers HEAD without a body and nothing but GET and HEAD', async () => {
    const head = await get('/', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
    expect(head.body.length).toBe(0);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      expect((await get('/', { method })).status).toBe(405);
    }
  });

  it('is missed politely by a broker that has none', async () => {
    const bare = cleanup.add(await testBroker());
    expect((await get('/', { port: bare.port })).status).toBe(503);
    expect((await get('/livez', { port: bare.port })).status).toBe(200);
  });
});

describe('what an operator sees', () => {
  it('is alive and ready', async () => {
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
  });

  it('counts in the format of Prometheus', async () => {
    const peer = cleanup.add(await openPeer(broker, await newIdentity()));
    const { body, headers } = await get('/metrics');
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(body.toString()).toContain(
      '# TYPE roost_broker_sockets gauge\nroost_broker_sockets{kind="signaling"} 1\n',
    );
    await peer.close();
    for (const line of body.toString().trim().split('\n')) {
      expect(line).toMatch(
        /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? [\d.]+)$/,
      );
    }
  });

  it('shows its figures to nobody who comes through a proxy', async () => {
    expect((await get('/metrics', { headers: { 'x-forwarded-for': '203.0.113.9' } })).status).toBe(404);
  });

  it('closes sockets with a farewell when it stops', async () => {
    const peer = cleanup.add(await openPeer(broker, await newIdentity()));
    await broker.close();
    expect(await peer.closed()).toBe(1012);
    await expect(get('/livez')).rejects.toThrow();
  });
});

describe('caps', () => {
  it('hands out random ids that a device may use', async () => {
    const [one, two] = [await get('/peerjs/id'), await get('/peerjs/id')];
    expect(one.body.toString()).toMatch(/^[0-9a-f]{40}\n?$/);
    expect(one.body.toString()).not.toBe(two.body.toString());
  });

  it('lets no more sockets in from one address than its cap', async () => {
    const strict = cleanup.add(await testBroker({ limits: { connectionsPerAddress: 2 } }));
    const { device } = await newIdentity();
    const peers = [1, 2].map(() => cleanup.add(new PeerSocket(peerUrl(strict, device))));
    for (const peer of peers) await challengeOf(peer);
    const third = cleanup.add(new PeerSocket(peerUrl(strict, device)));
    expect(await third.closed()).toBe(1006);
    await peers[0]!.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await challengeOf(cleanup.add(new PeerSocket(peerUrl(strict, device))));
  });

  it('lets no more arrivals in from one address than the rate', async () => {
    const strict = cleanup.add(await testBroker({ limits: { arrivals: { burst: 2, perSecond: 0 } } }));
    const ask = () => get('/peerjs/id', { port: strict.port });
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 200, 429]);
    const { device } = await newIdentity();
    expect(await cleanup.add(new PeerSocket(peerUrl(strict, device))).closed()).toBe(1006);
  });

  it('believes a forwarded address only from a proxy that was configured', async () => {
    const limits = { arrivals: { burst: 1, perSecond: 0 } };
    const open = cleanup.add(await testBroker({ limits }));
    const proxied = cleanup.add(await testBroker({ limits, origin: 'https://roost.example' }));
    const from = async (port: number, address: string) =>
      (await get('/peerjs/id', { port, headers: { 'x-forwarded-for': `198.51.100.1, ${address}` } })).status;
    expect(await from(open.port, '203.0.113.1')).toBe(200);
    expect(await from(open.port, '203.0.113.2')).toBe(429);
    expect(await from(proxied.port, '203.0.113.1')).toBe(200);
    expect(await from(proxied.port, '203.0.113.2')).toBe(200);
    expect(await from(proxied.port, '203.0.113.2')).toBe(429);
  });

  it('drops a reader that does not read', async () => {
    const strict = cleanup.add(await testBroker({ limits: { queueBytes: 100_000 } }));
    const [writerId, readerId] = [await newIdentity(), await newIdentity()];
    const reader = cleanup.add(await openPeer(strict, readerId));
    const writer = cleanup.add(await openPeer(strict, writerId));
    reader.socket.pause();
    const payload = {
      type: 'data',
      connectionId: 'dc',
      sdp: { type: 'answer', sdp: 'x'.repeat(20_000) },
    };
    for (let i = 0; i < 900; i++) writer.send({ type: 'ANSWER', dst: readerId.device, payload });
    for (
      let i = 0;
      i < 400 && !/slow-reader"\} 1/.test((await get('/metrics', { port: strict.port })).body.toString());
      i++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await get('/metrics', { port: strict.port })).body.toString()).toContain(
      '{reason="slow-reader"} 1',
    );
    reader.socket.resume();
    expect(await reader.closed()).toBe(1006);
  });

  it('hangs up on a client that never ends its headers', async () => {
    const strict = cleanup.add(await testBroker({ limits: { headersMs: 500 } }));
    const socket = connect(strict.port, '127.0.0.1');
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    await closed;
  });

  it('answers no upgrade to other paths', async () => {
    const other = cleanup.add(new PeerSocket(`ws://127.0.0.1:${broker.port}/other`));
    expect(await other.closed()).toBe(1006);
  });
});
