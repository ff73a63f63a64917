import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { validateMnemonic } from '@scure/bip39';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initAccount, startCooperative, startHolder, startTestBroker } from './support/cooperative.ts';
import type { TestCooperative } from './support/cooperative.ts';
import { finished, roost, spawnRoost, tryRoost } from './support/roost.ts';
import type { Finished } from './support/roost.ts';
import { digestTree, makeSmallTree, treeDifferences } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

const MIB = 1024 * 1024;

/** What every fault has to tell: which one, what happened, what to do. */
function expectFault({ code, last }: Finished, fault: string, exitCode = 1): void {
  expect(last).toMatchObject({ event: 'fault', fault });
  expect(last['message']).toMatch(/\w/);
  expect(last['next']).toMatch(/\w.*\.$/);
  expect(code).toBe(exitCode);
}

describe('faults and what they say', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let cooperative: TestCooperative;
  let tree: string;
  let homes = 0;

  beforeAll(async () => {
    workspace = await openWorkspace('faults');
    tree = workspace.path('tree');
    await makeSmallTree(tree, 3, 2 * MIB);
    cooperative = await startCooperative(workspace, 3);
    await roost(cooperative.owner.home, 'backup', tree);
  });
  afterAll(() => workspace.close());

  const freshHome = (): string => workspace.path(`fresh-${++homes}`);

  async function restoreWithWords(words: string, url = cooperative.url): Promise<Finished> {
    const file = workspace.path('typed.words');
    await writeFile(file, words);
    const to = workspace.path(`to-${++homes}`);
    return tryRoost(freshHome(), 'restore', 'latest', '--to', to, '--words-file', file, '--broker', url);
  }

  /** Other phrases made from ours by `change`, the first that passes (or fails) the checksum. */
  function changedWords(change: (words: string[], at: number) => void, valid: boolean): string {
    for (let at = 0; at < 5000; at++) {
      const words = cooperative.owner.words.split(' ');
      change(words, at);
      const phrase = words.join(' ');
      if (phrase !== cooperative.owner.words && validateMnemonic(phrase, wordlist) === valid) return phrase;
    }
    throw new Error('no such phrase among 5000');
  }
  const swap = (words: string[], at: number): void => {
    const i = at % 12;
    const j = Math.floor(at / 12) % 12;
    [words[i], words[j]] = [words[j]!, words[i]!];
  };
  const replaceLast = (words: string[], at: number): void => {
    words[11] = wordlist[at % wordlist.length]!;
  };

  it('a word that is not in the list is a wrong word', async () => {
    const words = cooperative.owner.words.split(' ');
    words[4] = 'roosty';
    expectFault(await restoreWithWords(words.join(' ')), 'wrong-words');
  });

  it('eleven words are not enough', async () => {
    expectFault(await restoreWithWords(cooperative.owner.words.split(' ').slice(1).join(' ')), 'wrong-words');
  });

  it('two words in the wrong order are noticed', async () => {
    expectFault(await restoreWithWords(changedWords(swap, false)), 'wrong-words');
  });

  it('words that pass the checksum but belong to nobody are told as wrong words, not as an empty backup', async () => {
    expectFault(await restoreWithWords(changedWords(replaceLast, true)), 'wrong-words');
  });

  it('words of a cooperative that another broker introduces are told as wrong words', async () => {
    const other = await openWorkspace('other-broker');
    try {
      const broker = await startTestBroker(other);
      expectFault(await restoreWithWords(cooperative.owner.words, broker.ready['url']), 'wrong-words');
    } finally {
      await other.close();
    }
  });

  it('no fault and no output repeats the words', async () => {
    const { stderr, lines } = await restoreWithWords(changedWords(swap, false));
    const shown = stderr + JSON.stringify(lines);
    for (const word of cooperative.owner.words.split(' ').filter((each) => each.length > 6)) {
      expect(shown).not.toContain(word);
    }
  });

  it('an invite that is used up lets nobody in', async () => {
    const { invite } = await roost(cooperative.owner.home, 'invite', '--uses', '1');
    const first = await initAccount(workspace, 'first-guest', cooperative.url);
    await roost(first.home, 'join', invite);
    const second = await initAccount(workspace, 'second-guest', cooperative.url);
    expectFault(await tryRoost(second.home, 'join', invite), 'bad-invite');
  });

  it('a damaged or made-up invite lets nobody in', async () => {
    const guest = await initAccount(workspace, 'guest', cooperative.url);
    const link = cooperative.invite;
    const middle = link.length - 12;
    const other = link[middle] === 'A' ? 'B' : 'A';
    expectFault(
      await tryRoost(guest.home, 'join', link.slice(0, middle) + other + link.slice(middle + 1)),
      'bad-invite',
    );
    expectFault(await tryRoost(guest.home, 'join', `${cooperative.url}/#join=nonsense`), 'bad-invite');
    expectFault(await tryRoost(guest.home, 'join', link.slice(0, -20)), 'bad-invite');
  });

  it('a second process with a home in use is told so, or served by the first', async () => {
    const holder = cooperative.holders[0]!;
    expect(await roost(holder.home, 'status')).toMatchObject({ phase: 'member' });
    expectFault(await tryRoost(holder.home, 'serve'), 'busy');
    expect(holder.service.running).toBe(true);
  });

  it('a folder that is not there is named', async () => {
    const { code, last } = await tryRoost(cooperative.owner.home, 'backup', workspace.path('no such folder'));
    expect(code).not.toBe(0);
    expect(last['event']).toBe('fault');
    expect(last['message']).toContain('no such folder');
  });

  it('SIGTERM ends a backup cleanly, and the next one finishes it', async () => {
    await makeSmallTree(join(tree, 'more'), 99, 12 * MIB);
    const child = spawnRoost(cooperative.owner.home, ['backup', tree]);
    const end = finished(child);
    setTimeout(() => child.kill('SIGTERM'), 1200);
    const stopped = await end;
    expect(stopped.signal).toBeNull();
    if (stopped.code !== 0) expectFault(stopped, 'aborted');
    expect(await roost(cooperative.owner.home, 'backup', tree)).toMatchObject({ health: 'protected' });
  });

  it('with its only partner too small a backup says so, and what fitted stays', async () => {
    const small = await openWorkspace('small');
    try {
      const broker = await startTestBroker(small);
      const url: string = broker.ready['url'];
      const owner = await initAccount(small, 'owner', url);
      const { invite } = await roost(owner.home, 'found', 'Small', '--name', 'Owner');
      await startHolder(small, 'tiny', url, invite, '1MiB');
      const report = await tryRoost(owner.home, 'backup', tree);
      expect(report.code).not.toBe(0);
      expectFault(report, report.last['fault'], report.code ?? 0);
      expect(['full', 'too-few']).toContain(report.last['fault']);
    } finally {
      await small.close();
    }
  });

  describe('when the broker is gone', () => {
    it('a backup that runs goes on over the connections it has', async () => {
      await makeSmallTree(join(tree, 'while-broker-dies'), 100, 12 * MIB);
      const child = spawnRoost(cooperative.owner.home, ['backup', tree]);
      const end = finished(child);
      child.stdout!.on('data', (data) => {
        if (String(data).includes('"saving"')) void cooperative.broker.kill();
      });
      const { code, last } = await end;
      expect({ code, event: last['event'] }).toEqual({ code: 0, event: 'done' });
      expect(cooperative.broker.running).toBe(false);
    });

    it('joining and restoring say that it cannot be reached', async () => {
      expectFault(await restoreWithWords(cooperative.owner.words), 'unreachable');
      const home = freshHome();
      await roost(home, 'init', '--broker', cooperative.url);
      expectFault(await tryRoost(home, 'join', cooperative.invite), 'unreachable');
    });

    it('everything works again once it is back, with nothing of its memory left', async () => {
      const port = Number(new URL(cooperative.url).port);
      const again = await openWorkspace('broker-again');
      try {
        await startTestBroker(again, port);
        const target = workspace.path('after-broker');
        await expect
          .poll(
            async () => {
              const restored = await tryRoost(
                freshHome(),
                'restore',
                'latest',
                '--to',
                target,
                '--words-file',
                cooperative.owner.wordsFile,
                '--broker',
                cooperative.url,
              );
              return restored.code;
            },
            { timeout: 90_000, interval: 3000 },
          )
          .toBe(0);
        expect(treeDifferences(await digestTree(tree), await digestTree(join(target, 'tree')))).toEqual([]);
      } finally {
        await again.close();
      }
    });
  });
});
