import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebCryptoSuite } from '../../../src/core/crypto/webcrypto.ts';
import { FileKeyVault } from '../../../src/adapters/nodejs/file-key-vault.ts';
import { lockHome } from '../../../src/adapters/nodejs/home-lock.ts';
import { createJsonLog } from '../../../src/adapters/nodejs/json-log.ts';
import { nativeIceServers } from '../../../src/adapters/nodejs/ice-servers.ts';
import { createNodePlatform } from '../../../src/adapters/nodejs/platform.ts';
import { decodeKey, encodeKey } from '../../../src/adapters/nodejs/row-keys.ts';
import { MIB } from '../../../src/core/limits.ts';
import { fingerprintOf } from '../../../src/core/wire/sdp-fingerprint.ts';
import { directorySink } from '../../../src/adapters/nodejs/sink.ts';
import { directorySource } from '../../../src/adapters/nodejs/source.ts';
import type { Sink } from '../../../src/ports/sink.ts';
import type { SourceEntry, SourceFault } from '../../../src/ports/source.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import { CONTRACT_SECRETS } from '../../contracts/key-vault.ts';
import { restored } from '../../contracts/sink.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'roost-test-'));
});
afterEach(async () => rm(home, { recursive: true, force: true }));

async function list(exclude: readonly string[] = []): Promise<Map<string, SourceEntry | SourceFault>> {
  const source = await directorySource(home, { exclude });
  const found = new Map<string, SourceEntry | SourceFault>();
  for await (const entry of source.entries()) found.set(entry.path, entry);
  return found;
}

describe('A folder as a source', () => {
  it('tells links as links, wherever they lead, and goes into none', async () => {
    await mkdir(join(home, 'folder'));
    await symlink('/etc', join(home, 'folder', 'outside'));
    await symlink('.', join(home, 'folder', 'round'));
    await symlink('not-there', join(home, 'broken'));
    const found = await list();
    expect([...found.keys()].sort()).toEqual(['', 'broken', 'folder', 'folder/outside', 'folder/round']);
    expect(found.get('folder/outside')).toMatchObject({ kind: 'link', target: '/etc' });
    expect(found.get('broken')).toMatchObject({ kind: 'link', target: 'not-there' });
  });

  it('tells sockets and pipes as special, with the reason, and does not wait for them', async () => {
    const server = createServer().listen(join(home, 'socket'));
    await once(server, 'listening');
    execFileSync('mkfifo', [join(home, 'pipe')]);
    const found = await list();
    expect(found.get('socket')).toEqual({
      kind: 'special',
      path: 'socket',
      reason: 'a socket has no content to save',
    });
    expect(found.get('pipe')).toMatchObject({ kind: 'special', reason: 'a pipe has no content to save' });
    await expectFault((await directorySource(home)).read('pipe', 0, 10), 'not-found');
    server.close();
  });

  it('tells names that are no UTF-8 as unreadable with their bytes escaped', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${home}/bad`), Buffer.from([0xff, 0x2e])]), 'x');
    await writeFile(join(home, 'good'), 'x');
    const found = await list();
    expect(found.get('bad\\xff.')).toMatchObject({
      kind: 'unreadable',
      reason: 'its name is no valid UTF-8',
    });
    expect(found.get('good')).toMatchObject({ kind: 'file', size: 1 });
  });

  it('leaves out what gitignore patterns name, with all below it', async () => {
    await mkdir(join(home, 'src/node_modules/x'), { recursive: true });
    for (const path of ['a.log', 'keep.log', 'src/b.log', 'src/code', 'src/node_modules/x/y']) {
      await writeFile(join(home, path), 'x');
    }
    const found = await list(['*.log', '!keep.log', 'node_modules/']);
    expect([...found.keys()].sort()).toEqual(['', 'keep.log', 'src', 'src/code']);
  });

  it('is refused for a file and for nothing', async () => {
    await writeFile(join(home, 'file'), 'x');
    await expectFault(directorySource(join(home, 'file')), 'usage');
    await expectFault(directorySource(join(home, 'nothing')), 'not-found');
  });
});

async function writeFileTo(sink: Sink, path: string, texts: readonly string[]): Promise<void> {
  const writer = await sink.file(restored(path, texts.join('').length));
  for (const text of texts) await writer.write(new TextEncoder().encode(text));
  await writer.close();
}

describe('A folder as a sink', () => {
  it('never writes through a link that lies in the target already', async () => {
    const [target, outside] = [join(home, 'target'), join(home, 'outside')];
    await mkdir(target);
    await mkdir(outside);
    await symlink(outside, join(target, 'way'));
    await writeFile(join(outside, 'precious'), 'old');
    await symlink(join(outside, 'precious'), join(target, 'file'));
    const sink = await directorySink(target);
    await expectFault(writeFileTo(sink, 'way/x', ['1']), 'refused');
    await expectFault(sink.folder(restored('way')), 'refused');
    await expectFault(sink.folder(restored('way/y')), 'refused');
    await writeFileTo(sink, 'file', ['new']);
    await sink.finish();
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('old');
    expect(await readdir(outside)).toEqual(['precious']);
    expect((await lstat(join(target, 'file'))).isFile()).toBe(true);
  });

  it('refuses to go on in a folder that became a link while a file was written', async () => {
    const [target, outside] = [join(home, 'target'), join(home, 'outside')];
    await mkdir(outside);
    const sink = await directorySink(target);
    const writer = await sink.file(restored('folder/file', MIB));
    await writer.write(new Uint8Array(MIB));
    expect(await readdir(join(target, 'folder'))).toEqual([expect.stringMatching(/^\.roost-/)]);
    await rm(join(target, 'folder'), { recursive: true });
    await symlink(outside, join(target, 'folder'));
    await expectFault(writer.close(), 'refused');
    expect(await readdir(outside)).toEqual([]);
  });

  it('replaces a file in one step, the old one staying until then', async () => {
    const sink = await directorySink(home);
    await writeFile(join(home, 'file'), 'old');
    const writer = await sink.file(restored('file', 3));
    await writer.write(new TextEncoder().encode('new'));
    expect(await readFile(join(home, 'file'), 'utf8')).toBe('old');
    await writer.close();
    expect(await readFile(join(home, 'file'), 'utf8')).toBe('new');
    expect(await readdir(home)).toEqual(['file']);
  });

  it('does not put a file in the place of a folder', async () => {
    await mkdir(join(home, 'thing'));
    const sink = await directorySink(home);
    await expectFault(writeFileTo(sink, 'thing', ['1']), 'refused');
    await expectFault(sink.link(restored('thing', 0, { target: 'x' })), 'refused');
  });

  it('writes many files side by side, and one that cannot be written does not stop the others', async () => {
    await mkdir(join(home, 'folder-7', 'file'), { recursive: true });
    const sink = await directorySink(home);
    const names = Array.from({ length: 1000 }, (_, i) => `folder-${i % 10}/file${i < 10 ? '' : String(i)}`);
    const ended = await Promise.allSettled(
      names.map((name) => writeFileTo(sink, name, [name, 'x'.repeat(name.length * 997), 'end'])),
    );
    await sink.finish();
    expect(ended.flatMap(({ status }, i) => (status === 'rejected' ? [names[i]] : []))).toEqual([
      'folder-7/file',
    ]);
    for (const name of names.filter((other) => other !== 'folder-7/file')) {
      const text = await readFile(join(home, name), 'utf8');
      expect(text === `${name}${'x'.repeat(name.length * 997)}end`).toBe(true);
    }
    expect((await readdir(join(home, 'folder-7'))).filter((name) => name.startsWith('.roost-'))).toEqual([]);
  });

  it('leaves nothing of large files that were begun when a restore is given up', async () => {
    const sink = await directorySink(home);
    const writers = await Promise.all(['a', 'b', 'c'].map((name) => sink.file(restored(name, 3 * MIB))));
    await Promise.all(writers.map((writer) => writer.write(new Uint8Array(MIB))));
    expect(await readdir(home)).toHaveLength(3);
    await sink.abort('for a test');
    expect(await readdir(home)).toEqual([]);
  });

  it('gives no set-user-id bit away', async () => {
    const sink = await directorySink(home);
    await (await sink.file(restored('file', 0, { mode: 0o4755 }))).close();
    expect((await stat(join(home, 'file'))).mode & 0o7777).toBe(0o755);
  });
});

describe('The key file', () => {
  const suite = createWebCryptoSuite(globalThis.crypto.subtle);
  const path = (): string => join(home, 'keys', 'keys.json');

  it('can be read by its owner only, and so can its folder', async () => {
    await new FileKeyVault(path(), suite).saveAccount(CONTRACT_SECRETS);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect((await stat(join(home, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(home, 'keys'))).toEqual(['keys.json']);
  });

  it('is refused when others could read it', async () => {
    await new FileKeyVault(path(), suite).deviceKey();
    await chmod(path(), 0o640);
    const error = await expectFault(new FileKeyVault(path(), suite).deviceKey(), 'denied');
    expect(error.message).toContain('640');
  });

  it('is refused when it is damaged, without a word of what it holds', async () => {
    await new FileKeyVault(path(), suite).saveAccount(CONTRACT_SECRETS);
    const text = await readFile(path(), 'utf8');
    for (const length of [0, 1, 20, 60, text.length - 5]) {
      await writeFile(path(), text.slice(0, length));
      const error = await expectFault(new FileKeyVault(path(), suite).loadAccount(), 'corrupt');
      expect(error.message.length).toBeLessThan(100);
    }
  });
});

describe('A home', () => {
  it('belongs to one process, which the fault names', async () => {
    const lock = await lockHome(home);
    const error = await expectFault(lockHome(home), 'busy');
    expect(error.message).toContain(String(process.pid));
    await lock.release();
    await (await lockHome(home)).release();
  });

  it('is taken over from a process that died', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'close');
    await writeFile(join(home, 'lock'), `${child.pid ?? 0}\n`);
    const lock = await lockHome(home);
    expect(await readFile(join(home, 'lock'), 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
  });

  it('serves one platform at a time and can be wiped', async () => {
    const options = { home: join(home, 'own'), broker: 'http://127.0.0.1:9/roost/', threads: 1 };
    const platform = await createNodePlatform(options);
    expect(platform.origin).toBe('http://127.0.0.1:9/roost');
    await expectFault(createNodePlatform(options), 'busy');
    await platform.vault.deviceKey();
    await platform.meta.write([{ kind: 'put', table: 'a', key: 'a', value: new Uint8Array(1) }]);
    await platform.blobs.append('v1', new Uint8Array(1));
    await platform.wipe();
    expect(await readdir(options.home)).toEqual(['lock']);
    await platform.close();
    expect(await readdir(options.home)).toEqual([]);
  });
});

it('keeps UTF-16 order and every key, lone surrogates too, in the bytes of row keys', () => {
  const keys = [
    '',
    '\0',
    'a',
    'a\0',
    'ab',
    '\x7f',
    '\x80',
    '\u07ff',
    '\u0800',
    '\ud7ff',
    '\ud800',
    '\ud83d\ude00',
  ];
  keys.push('\udc00', '\udfff', '\ue000', '\uffff', '\uffff\uffff');
  const encoded = keys.map((key) => encodeKey(key));
  expect(encoded.map((bytes) => decodeKey(bytes))).toEqual(keys);
  expect([...keys].sort()).toEqual(keys);
  expect([...encoded].sort((a, b) => Buffer.compare(a, b))).toEqual(encoded);
});

it('logs one JSON object a line from its level on', () => {
  const lines: string[] = [];
  const log = createJsonLog('info', (line) => lines.push(line));
  log.debug('hidden');
  log.info('shown', { count: 2 });
  expect(lines.length).toBe(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', event: 'shown', count: 2 });
});

it('hands user and password of a TURN server over as they are', () => {
  expect(
    nativeIceServers([
      {
        urls: ['stun:stun.example', 'turn:turn.example:3479?transport=tcp'],
        username: 'a:b@c',
        credential: 'd/e',
      },
      { urls: 'turns:[::1]' },
    ]),
  ).toEqual([
    'stun:stun.example:3478',
    { hostname: 'turn.example', port: 3479, username: 'a:b@c', password: 'd/e', relayType: 'TurnTcp' },
    { hostname: '[::1]', port: 5349, username: '', password: '', relayType: 'TurnTls' },
  ]);
  expect(() => nativeIceServers([{ urls: 'http://x' }])).toThrow('ICE server');
});

it('takes exactly one SHA-256 fingerprint of a description', () => {
  const line = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}\r\n`;
  expect(fingerprintOf('local', `v=0\r\n${line}${line}`)).toEqual(new Uint8Array(32).fill(0xab));
  const other = line.replace('AB', 'CD');
  for (const sdp of [
    undefined,
    '',
    'v=0\r\n',
    line + other,
    line.replace('256', '1'),
    line.replace(':AB', ''),
  ]) {
    expect(() => fingerprintOf('remote', sdp)).toThrow('one SHA-256 fingerprint');
  }
});
