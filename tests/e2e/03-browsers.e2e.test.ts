import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addFolder,
  dropFolder,
  joinInPage,
  recoverInPage,
  restoreZip,
  waitForHealth,
  waitForSnapshots,
} from './support/app.ts';
import { handle, openProfile } from './support/browser.ts';
import type { Profile } from './support/browser.ts';
import { initAccount, startTestBroker } from './support/cooperative.ts';
import { roost } from './support/roost.ts';
import { digestTree, makeRealTree, onlyFiles, treeDifferences } from './support/tree.ts';
import type { TreeDigest } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';
import { digestZip } from './support/zip.ts';

const PROFILES = 6;
/** k of the code for the other five, 3+2 */
const CAN_LOSE = 2;
/** What browsers would not show in a folder that they have a handle of. */
const HIDDEN = ['cur/1:2,S', 'tag: 2024/inner/deep.txt', 'two\u200Cwords.txt', 'link.url', 'why?.txt'];

describe('six browsers, one profile each', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let url: string;
  let invite: string;
  let tree: string;
  const profiles: Profile[] = [];
  let words: string;

  beforeAll(async () => {
    workspace = await openWorkspace('browsers');
    tree = workspace.path('tree');
    await makeRealTree(tree);
    const broker = await startTestBroker(workspace);
    url = broker.ready['url'];
    // The founder does not hold anything: all pieces lie in browsers.
    const founder = await initAccount(workspace, 'founder', url);
    ({ invite } = await roost(founder.home, 'found', 'Browsers', '--name', 'Founder'));
  });
  afterAll(() => workspace.close());

  it('joins each by the same invite link', async () => {
    for (let number = 1; number <= PROFILES; number++) {
      const profile = await openProfile(workspace, `profile-${number}`);
      profiles.push(profile);
      const shown = await joinInPage(profile, invite, `Person ${number}`);
      if (number === 1) words = shown;
    }
    expect(new Set(profiles.map(({ directory }) => directory)).size).toBe(PROFILES);
  });

  it('protects a real folder of the first among the other five', async () => {
    const { page } = profiles[0]!;
    await addFolder(page, tree);
    await waitForHealth(page, 'protected');
    await handle(page, 'nav-partners').click();
    await expect.poll(() => handle(page, 'partner-row').count()).toBe(PROFILES - 1);
  });

  it('saves of a dropped folder what the browser hides from its handle, and keeps that when there is only the handle', async () => {
    const { page } = profiles[0]!;
    const odd = workspace.path('odd');
    await makeOddFolder(odd);
    await dropFolder(page, odd);
    await waitForSnapshots(page, 2);
    await rm(join(odd, 'deleted.txt'));
    await withoutEntries(page);
    await dropFolder(page, odd);
    await waitForSnapshots(page, 3);
    await page.getByText(`${HIDDEN.length} files that this browser hides stay as they were saved`).waitFor();
    await page.reload();
    await page.locator('[data-testid="folder-row"][data-folder="odd"]').waitFor();
    await rm(join(odd, 'plain.txt'));
    await writeFile(join(odd, HIDDEN[0]!), 'changed');
    await dropFolder(page, odd);
    await waitForSnapshots(page, 4);
    await page.getByText('that this browser hides stay').waitFor({ state: 'detached' });
    await waitForHealth(page, 'protected');
  });

  it('gives every byte back to a new profile with the words, after the first is deleted and k others are closed', async () => {
    await profiles[0]!.destroy();
    for (const profile of profiles.slice(1, 1 + CAN_LOSE)) await profile.close();

    const fresh = await openProfile(workspace, 'new-machine');
    await recoverInPage(fresh.page, url, words);
    const archive = workspace.path('restored.zip');
    const report = await restoreZip(fresh.page, archive);
    const expected = new Map([
      ...(await namedFiles('tree', tree)),
      ...(await namedFiles('odd', workspace.path('odd'))),
    ]);
    expect(report).toEqual({ files: expected.size, failed: 0 });

    const restored = await digestZip(archive);
    expect(treeDifferences(expected, restored)).toEqual([]);
  });
});

/** What is dropped from now on gives a handle only, as the dialog does, until the page is loaded again. */
async function withoutEntries(page: Page): Promise<void> {
  await page.evaluate(() => {
    Object.defineProperty(DataTransferItem.prototype, 'webkitGetAsEntry', { value: () => null });
  });
}

/** Of a folder as snapshots show it. */
async function namedFiles(name: string, directory: string): Promise<Map<string, TreeDigest>> {
  const files = onlyFiles(await digestTree(directory));
  return new Map([...files].map(([path, digest]) => [`${name}/${path}`, digest]));
}

/** Files whose names Chromium does not show to a page that has a handle, and two others. */
async function makeOddFolder(directory: string): Promise<void> {
  for (const path of [...HIDDEN, 'plain.txt', 'deleted.txt']) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `content of ${path}`);
  }
}
