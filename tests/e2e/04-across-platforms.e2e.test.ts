import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFolder, joinInPage, recoverInPage, restoreZip, waitForHealth } from './support/app.ts';
import { openProfile } from './support/browser.ts';
import type { Profile } from './support/browser.ts';
import { startCooperative } from './support/cooperative.ts';
import type { TestCooperative } from './support/cooperative.ts';
import { roost } from './support/roost.ts';
import { digestTree, makeOddNames, makeSmallTree, onlyFiles, treeDifferences } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';
import { digestZip } from './support/zip.ts';

const MIB = 1024 * 1024;
const NODE_HOLDERS = 2;
const BROWSERS = 2;

describe('a cooperative of browsers and processes', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let cooperative: TestCooperative;
  const browsers: Profile[] = [];
  let pageWords: string;
  let nodeTree: string;
  let pageTree: string;

  beforeAll(async () => {
    workspace = await openWorkspace('across');
    nodeTree = workspace.path('from-node');
    pageTree = workspace.path('from-page');
    for (const [tree, seed] of [
      [nodeTree, 11],
      [pageTree, 12],
    ] as const) {
      await makeSmallTree(tree, seed, 12 * MIB);
      await makeOddNames(tree);
    }
    cooperative = await startCooperative(workspace, NODE_HOLDERS);
    for (let number = 1; number <= BROWSERS; number++) {
      const profile = await openProfile(workspace, `browser-${number}`);
      const words = await joinInPage(profile, cooperative.invite, `Browser ${number}`);
      if (number === 1) pageWords = words;
      browsers.push(profile);
    }
  });
  afterAll(() => workspace.close());

  it('keeps the files of a process in browsers and processes', async () => {
    const report = await roost(cooperative.owner.home, 'backup', nodeTree);
    expect(report).toMatchObject({ health: 'protected', unreadable: [] });
    const { partners } = await roost(cooperative.owner.home, 'status');
    const holding = partners.filter((partner: { held: number }) => partner.held > 0);
    expect(holding).toHaveLength(NODE_HOLDERS + BROWSERS);
  });

  it('keeps the files of a page in browsers and processes', async () => {
    await addFolder(browsers[0]!.page, pageTree);
    await waitForHealth(browsers[0]!.page, 'protected');
    for (const { home } of cooperative.holders) {
      const { space } = await roost(home, 'status');
      expect(space.used).toBeGreaterThan(MIB);
    }
  });

  it('gives the files of a process back in a page', async () => {
    const fresh = await openProfile(workspace, 'fresh');
    await recoverInPage(fresh.page, cooperative.url, cooperative.owner.words);
    const archive = workspace.path('from-node.zip');
    const expected = onlyFiles(await digestTree(nodeTree));
    expect(await restoreZip(fresh.page, archive)).toEqual({ files: expected.size, failed: 0 });
    const named = new Map([...expected].map(([path, digest]) => [`from-node/${path}`, digest]));
    expect(treeDifferences(named, await digestZip(archive))).toEqual([]);
    await fresh.close();
  });

  it('gives the files of a page back at the command line, after its browser is gone', async () => {
    await browsers[0]!.destroy();
    const wordsFile = workspace.path('page.words');
    await writeFile(wordsFile, pageWords);
    const target = workspace.path('restored');
    const report = await roost(
      workspace.path('fresh-home'),
      'restore',
      'latest',
      '--to',
      target,
      '--words-file',
      wordsFile,
      '--broker',
      cooperative.url,
    );
    expect(report).toMatchObject({ failed: [] });
    // A picked folder tells of no empty folders.
    const expected = onlyFiles(await digestTree(pageTree));
    expect(treeDifferences(expected, onlyFiles(await digestTree(join(target, 'from-page'))))).toEqual([]);
  });
});
