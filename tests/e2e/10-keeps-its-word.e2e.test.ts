import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFolder, joinInPage, restoreZip, waitForHealth } from './support/app.ts';
import { handle, openProfile } from './support/browser.ts';
import type { Profile } from './support/browser.ts';
import { startTestBroker } from './support/cooperative.ts';
import { roost, tryRoost } from './support/roost.ts';
import type { Line } from './support/roost.ts';
import { SpedAgent, SpedTime } from './support/sped-time.ts';
import { digestTree, makeSmallTree, onlyFiles, treeDifferences } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';
import { digestZip } from './support/zip.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** what the cooperative's agreements say */
const GRACE_DAYS = 14;
const HOLDERS = 5;
const OFFER_BYTES = 1024 * MIB;
/** of one wait for something that takes its own time */
const WAIT_MS = 90_000;
/** more than a device takes to look after its partners once */
const LOOK_MS = 2_000;
const HOLDS_SOMETHING = /Holds for you\s+(?!0 bytes)/;

describe('a cooperative that is held to its word, on sped-up time', () => {
  const time = new SpedTime();
  const holders: SpedAgent[] = [];
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let profile: Profile;
  let page: Page;
  let owner: SpedAgent;
  let pageTree: string;
  let url: string;

  beforeAll(async () => {
    workspace = await openWorkspace('word');
    pageTree = workspace.path('from-page');
    await makeSmallTree(pageTree, 31, 20 * MIB);
    await makeSmallTree(workspace.path('from-node'), 32, 2 * MIB);
    url = (await startTestBroker(workspace)).ready['url'];
    owner = new SpedAgent({ workspace, time, url, name: 'Owner', offer: 0 });
    await owner.start();
    for (let number = 1; number <= HOLDERS; number++) holders.push(newHolder(`Holder ${number}`));
    await Promise.all(holders.map((holder) => holder.start()));
    profile = await openProfile(workspace, 'page');
    ({ page } = profile);
    await time.rule(page);
    await joinInPage(profile, owner.invite, 'Page');
  });
  afterAll(() => workspace.close());

  function newHolder(name: string): SpedAgent {
    return new SpedAgent({ workspace, time, url, name, offer: OFFER_BYTES, invite: owner.invite });
  }

  const row = (agent: SpedAgent): Locator =>
    page.locator(`[data-testid="partner-row"][data-device="${agent.device}"]`);

  async function show(screen: 'home' | 'partners' | 'activity'): Promise<void> {
    await handle(page, `nav-${screen}`).click();
  }

  async function waitForRow(agent: SpedAgent, state: string): Promise<void> {
    await show('partners');
    await page
      .locator(`[data-testid="partner-row"][data-device="${agent.device}"][data-state="${state}"]`)
      .waitFor({ timeout: WAIT_MS });
  }

  const lastProof = async (agent: SpedAgent): Promise<number> =>
    Number((await row(agent).getAttribute('data-last-proof')) ?? 0);

  const pageNow = (): Promise<number> => page.evaluate(() => Date.now());

  async function waitForEvent(event: string, says: string | RegExp): Promise<void> {
    await show('activity');
    await page
      .locator(`[data-testid="activity-row"][data-event="${event}"]`)
      .filter({ hasText: says })
      .first()
      .waitFor({ timeout: WAIT_MS });
  }

  /** Stops one for good, lets all notice, and lets more time pass than is usual for one that is always on. */
  async function silence(agent: SpedAgent): Promise<void> {
    await agent.kill();
    await show('partners');
    await expect.poll(() => row(agent).innerText(), { timeout: WAIT_MS }).toContain('Away');
    await time.pass(2 * HOUR_MS);
    await waitForRow(agent, 'suspect');
  }

  /** What `roost partners` says of one, from the owner under Node.js. */
  async function partnerOf(agent: SpedAgent): Promise<Line | undefined> {
    const { lines } = await tryRoost(owner.home, 'partners');
    return lines.find((line) => line['device'] === agent.device);
  }

  it('protects the files of a page and of a process', async () => {
    await addFolder(page, pageTree);
    await waitForHealth(page, 'protected');
    const report = await roost(owner.home, 'backup', workspace.path('from-node'));
    expect(report).toMatchObject({ event: 'done', health: 'protected' });
    await show('partners');
    await expect.poll(() => handle(page, 'partner-row').count()).toBe(HOLDERS + 1);
  });

  it('calls a stopped partner suspect after its patience, says so, and still protects', async () => {
    const [stopped] = holders;
    await silence(stopped!);
    expect(await row(stopped!).getAttribute('data-reason')).toBe('silent');
    expect(await row(stopped!).innerText()).toMatch(
      /Has not answered since .*; its pieces move .* unless it returns/,
    );
    await show('home');
    await waitForHealth(page, 'protected');
    await handle(page, 'health-notes')
      .getByText(/1 of 5 partners is silent; your files are still safe/)
      .waitFor();
    await waitForEvent('partner-suspect', 'Holder 1');
    await expect.poll(() => partnerOf(stopped!), { timeout: WAIT_MS }).toMatchObject({ state: 'suspect' });
    const { partners } = await roost(owner.home, 'check');
    expect(partners.find((p: Line) => p['device'] === stopped!.device)).toMatchObject({
      outcome: 'unreachable',
    });
  });

  it('takes it back once it has proved what it kept', async () => {
    const [stopped] = holders;
    const returnedAt = await pageNow();
    await stopped!.start();
    await waitForRow(stopped!, 'active');
    expect(await lastProof(stopped!)).toBeGreaterThan(returnedAt);
    await waitForEvent('partner-back', 'Holder 1 is back');
    await expect.poll(() => partnerOf(stopped!), { timeout: WAIT_MS }).toMatchObject({ state: 'active' });
    const { partners } = await roost(owner.home, 'check');
    expect(partners.filter((p: Line) => p['outcome'] !== 'proved')).toEqual([]);
  });

  it('hears from a wiped partner that it lost all, and makes its pieces again on a new one', async () => {
    const wiped = holders[1]!;
    const joined = newHolder('Joined later');
    await joined.start();
    holders.push(joined);
    await wiped.kill();
    await rm(join(wiped.home, 'volumes'), { recursive: true });
    await wiped.start();
    await waitForEvent('partner-lost-pieces', 'Holder 2');
    await show('home');
    await waitForHealth(page, 'at-risk');
    await handle(page, 'health').getByText('a partner lost pieces of yours').waitFor();
    await handle(page, 'health-notes')
      .getByText(/still to be made again/)
      .waitFor();
    await waitForEvent('repair-done', /made again/);
    await show('home');
    await waitForHealth(page, 'protected');
    await waitForRow(joined, 'active');
    expect(await row(joined).innerText()).toMatch(HOLDS_SOMETHING);
    await expect
      .poll(async () => (await partnerOf(joined))?.['held'], { timeout: WAIT_MS })
      .toBeGreaterThan(0);
  });

  it('drops one that stays away past its grace, tells why, and has it replaced', async () => {
    const gone = holders[2]!;
    await silence(gone);
    let days = 0;
    while ((await row(gone).getAttribute('data-state')) === 'suspect') {
      expect(days++).toBeLessThan(GRACE_DAYS + 2);
      await time.pass(DAY_MS);
      // One look at the partners may count one day: each ends before the next begins.
      await sleep(LOOK_MS);
    }
    expect(days).toBeGreaterThanOrEqual(GRACE_DAYS);
    await waitForRow(gone, 'reneged');
    await waitForEvent('partner-reneged', 'Holder 3');
    await waitForEvent('agreement-ended', 'Holder 3');
    await waitForEvent('partner-reported', /Owner reports that Holder 3/);
    await show('home');
    await waitForHealth(page, 'protected');
    await handle(page, 'health')
      .getByText(/all 5 partners are on it/)
      .waitFor();
    await show('partners');
    expect(await row(gone).innerText()).not.toMatch(HOLDS_SOMETHING);
    expect(await partnerOf(gone)).toMatchObject({ state: 'reneged', held: 0 });
  });

  it('gives every byte back after all of that', async () => {
    const archive = workspace.path('restored.zip');
    const expected = onlyFiles(await digestTree(pageTree));
    expect(await restoreZip(page, archive)).toEqual({ files: expected.size, failed: 0 });
    const named = new Map([...expected].map(([path, digest]) => [`from-page/${path}`, digest]));
    expect(treeDifferences(named, await digestZip(archive))).toEqual([]);
    expect(profile.problems).toEqual([]);
  });
});
