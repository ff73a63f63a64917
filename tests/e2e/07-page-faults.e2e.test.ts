import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFolder, joinInPage, restoreZip, waitForHealth } from './support/app.ts';
import { handle, openProfile } from './support/browser.ts';
import { startCooperative } from './support/cooperative.ts';
import type { TestCooperative } from './support/cooperative.ts';
import { makeSmallTree } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

const MIB = 1024 * 1024;

describe('what a page says when something is wrong', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let cooperative: TestCooperative;
  let tree: string;

  beforeAll(async () => {
    workspace = await openWorkspace('page-faults');
    tree = workspace.path('tree');
    await makeSmallTree(tree, 5, 2 * MIB);
    cooperative = await startCooperative(workspace, 3);
  });
  afterAll(() => workspace.close());

  it('over plain http from another machine it says why it cannot work and what to do', async () => {
    // A name that is not localhost makes an insecure context, wherever it leads.
    const { page } = await openProfile(workspace, 'insecure', [
      '--host-resolver-rules=MAP roost.test 127.0.0.1',
    ]);
    await page.goto(`http://roost.test:${new URL(cooperative.url).port}/`);
    expect(await page.evaluate(() => globalThis.isSecureContext)).toBe(false);
    await expect.poll(() => page.locator('body').innerText()).toMatch(/https/);
    expect(await handle(page, 'start-cooperative').count()).toBe(0);
    await page.context().close();
  });

  it('two tabs of one profile show the same, and the second goes on when the first is closed', async () => {
    const profile = await openProfile(workspace, 'two-tabs');
    await joinInPage(profile, cooperative.invite, 'Two tabs');
    const second = await profile.context.newPage();
    await second.goto(cooperative.url);
    await handle(second, 'health').waitFor();

    await profile.page.bringToFront();
    await addFolder(profile.page, tree);
    await waitForHealth(profile.page, 'protected');
    await waitForHealth(second, 'protected');

    await profile.page.close();
    const report = await restoreZip(second, workspace.path('second-tab.zip'));
    expect(report.failed).toBe(0);
    expect(report.files).toBeGreaterThan(0);
    await profile.close();
  });
});
