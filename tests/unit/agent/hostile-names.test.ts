import { describe, expect, it } from 'vitest';
import type { Codec } from '../../../src/ports/codec.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { MemorySource, makeTeam, makeWorld, restoreFiles } from './support.ts';

/** Names of 12 bytes that lead out of a folder, or are none. */
const PARTS = [
  '../../../etc',
  '/etc/passwd/',
  './././././.1',
  '..\0aaaaaaaaa',
  'a/../../../b',
  '//////////..',
];
const HOSTILE_NAMES = 500;

/** A device of the account that was taken over: it seals whatever trees it likes, with the right keys. */
function lying(codec: Codec, replace: ReadonlyMap<string, string>): Codec {
  const swap = (buffer: Uint8Array): void => {
    const text = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.length);
    for (const [from, to] of replace) {
      for (let at = text.indexOf(from); at >= 0; at = text.indexOf(from, at + 1))
        text.write(to, at, 'latin1');
    }
  };
  return new Proxy(codec, {
    get(target, key) {
      if (key === 'cut') {
        const cut: Codec['cut'] = (buffer, parts) => {
          swap(buffer);
          return target.cut(buffer, parts);
        };
        return cut;
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe('names from a snapshot', () => {
  it('lead nowhere but into the target, whatever a device with the right keys wrote', async () => {
    const team = await makeTeam(makeWorld('hostile'), 3);
    const { owner, world } = team;
    const placeholders = Array.from(
      { length: HOSTILE_NAMES },
      (_, i) => `hostile-${String(i).padStart(4, '0')}`,
    );
    const replace = new Map(placeholders.map((name, i) => [name, PARTS[i % PARTS.length]!]));
    const source = new MemorySource('docs', { 'good/file.txt': 'good' });
    placeholders.forEach((name, i) => {
      source.set(`folder-${i}/${name}`, `content ${i}`);
    });
    await owner.agent.stop();
    const platform = owner.device.restart();
    const agent = await createAgent({ ...platform, codec: lying(platform.codec, replace) });
    await agent.start();
    await world.clock.sleep(10_000);
    const { snapshot } = await agent.backup([source]);
    const { report, sink } = await restoreFiles(agent, snapshot);
    expect(
      [...sink.collected.keys()].filter((path) =>
        path.split('/').some((part) => ['', '.', '..'].includes(part)),
      ),
    ).toEqual([]);
    expect([...sink.collected].filter(([, { kind }]) => kind === 'file').map(([path]) => path)).toEqual([
      'docs/good/file.txt',
    ]);
    const named = new Set(report.failed.map(({ path }) => path));
    for (let i = 0; i < HOSTILE_NAMES; i++) expect(named.has(`docs/folder-${i}`)).toBe(true);
    world.close();
  });

  it('are restored as they are when they are only odd', async () => {
    const team = await makeTeam(makeWorld('odd'), 2);
    const odd = [
      'a\\b',
      'C:',
      'CON',
      '...',
      ' ',
      '-rf',
      'new\nline',
      '\u202egpj.exe',
      '~',
      '$HOME',
      '\ufeffbom',
      'é',
      'e\u0301',
      '__proto__',
    ];
    const source = new MemorySource(
      'docs',
      Object.fromEntries(odd.map((name, i) => [`x/${name}`, `odd ${i}`])),
    );
    const { snapshot, unreadable } = await team.owner.agent.backup([source]);
    expect(unreadable).toEqual([]);
    const { files, report } = await restoreFiles(team.owner.agent, snapshot);
    expect(report.failed).toEqual([]);
    expect([...files.keys()].sort()).toEqual(odd.map((name) => `docs/x/${name}`).sort());
    team.world.close();
  });
});
