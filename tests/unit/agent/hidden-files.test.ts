import { describe, expect, it } from 'vitest';
import { decodeUtf8 } from '../../../src/core/utf8.ts';
import type { Source } from '../../../src/ports/source.ts';
import { MemorySource, makeTeam, makeWorld, restoreFiles } from './support.ts';

const isHidden = (name: string): boolean => name.includes(':');

/** The same folder read in the way of browsers that hide names with a colon. */
function hiding(whole: MemorySource): Source {
  return {
    name: whole.name,
    hides: isHidden,
    async *entries(options) {
      for await (const entry of whole.entries(options))
        if (!entry.path.split('/').some(isHidden)) yield entry;
    },
    read: (path, offset, length) => whole.read(path, offset, length),
    stat: (path) => whole.stat(path),
  };
}

function mail(): MemorySource {
  return new MemorySource('mail', {
    'list.txt': 'all letters',
    'cur/1:2,S': 'first letter',
    'cur/2:2,S': 'second letter',
    'cur/plain': 'no colon',
    'tag:2024/inner/deep.txt': 'deep',
    'tag:2024/empty': { folder: true },
    'old/3:2,S': 'in a folder that will go',
  });
}

describe('files that a source hides', () => {
  it('stay as they were saved, and what lay in a folder that is gone goes with it', async () => {
    const world = makeWorld('hidden');
    const { owner } = await makeTeam(world, 3);
    const folder = mail();
    const whole = await owner.agent.backup([folder]);
    expect(whole).toMatchObject({ files: 6, carriedFiles: 0 });
    expect(owner.agent.state.folders).toMatchObject([{ name: 'mail', hidden: 0 }]);

    folder.set('cur/1:2,S', 'first letter, changed');
    folder.set('cur/plain', 'changed');
    folder.remove('old');
    folder.remove('list.txt');
    const partly = await owner.agent.backup([hiding(folder)]);
    expect(partly).toMatchObject({ files: 4, carriedFiles: 3, carriedBytes: 29, unreadable: [] });
    expect(owner.agent.state.folders).toMatchObject([{ name: 'mail', files: 4, hidden: 3 }]);
    const { files } = await restoreFiles(owner.agent, partly.snapshot);
    expect(Object.fromEntries([...files].map(([path, bytes]) => [path, decodeUtf8(bytes)]))).toEqual({
      'mail/cur/1:2,S': 'first letter',
      'mail/cur/2:2,S': 'second letter',
      'mail/cur/plain': 'changed',
      'mail/tag:2024/inner/deep.txt': 'deep',
    });

    const again = await owner.agent.backup([hiding(folder)]);
    expect(again).toMatchObject({ files: 4, carriedFiles: 3, readBytes: 0 });

    const seen = await owner.agent.backup([folder]);
    expect(seen).toMatchObject({ files: 4, carriedFiles: 0 });
    expect(owner.agent.state.folders).toMatchObject([{ name: 'mail', hidden: 0 }]);
    world.close();
  });
});
