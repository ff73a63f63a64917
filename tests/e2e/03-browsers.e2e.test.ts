import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFolder, joinInPage, recoverInPage, restoreZip, waitForHealth } from './support/app.ts';
import { handle, openProfile } from './support/browser.ts';
import type { Profile } from './support/browser.ts';
import { initAccount, startTestBroker } from './support/cooperative.ts';
import { roost } from './support/roost.ts';
import { digestTree, makeRealTree, onlyFiles, treeDifferences } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';
import { digestZip } from './support/zip.ts';

const PROFILES = 6;
/** k of the code for the other five, 3+2 */
const CAN_LOSE = 2;

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

  it('gives every byte back to a new profile with the words, after the first is deleted and k others are closed', async () => {
    await profiles[0]!.destroy();
    for (const profile of profiles.slice(1, 1 + CAN_LOSE)) await profile.close();

    const fresh = await openProfile(workspace, 'new-machine');
    await recoverInPage(fresh.page, url, words);
    const archive = workspace.path('restored.zip');
    const report = await restoreZip(fresh.page, archive);
    const expected = onlyFiles(await digestTree(tree));
    expect(report).toEqual({ files: expected.size, failed: 0 });

    const restored = await digestZip(archive);
    const named = new Map([...expected].map(([path, digest]) => [`tree/${path}`, digest]));
    expect(treeDifferences(named, restored)).toEqual([]);
  });
});
