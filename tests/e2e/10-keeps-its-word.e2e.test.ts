import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropFolder, joinInPage, restoreZip, waitForHealth } from './support/app.ts';
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
/** more than a device that is not busy takes to look after its partners once */
const LOOK_MS = 3_000;
/** Steps of time that may be lost: looks that fall together count one, and one without a line to the others counts nothing. */
const LOST_STEPS_MAX = 4;
const HOLDS_SOMETHING = /Holds for you\s+(?!0 bytes)/;

/** What a device tells of one of its partners. */
interface Seen {
  readonly state: string;
  readonly online: boolean;
  readonly silent: boolean;
}

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

  /** What `roost partners` says, from the owner under Node.js. */
  async function partnersOfOwner(): Promise<readonly Line[]> {
    return (await tryRoost(owner.home, 'partners')).lines;
  }

  async function partnerOf(agent: SpedAgent): Promise<Line | undefined> {
    return (await partnersOfOwner()).find((line) => line['device'] === agent.device);
  }

  async function seenByOwner(): Promise<ReadonlyMap<string, Seen>> {
    return new Map(
      (await partnersOfOwner()).map(({ device, state, online, reason }) => [
        device,
        { state, online, silent: state === 'suspect' && String(reason).startsWith('silent') },
      ]),
    );
  }

  async function seenByPage(): Promise<ReadonlyMap<string, Seen>> {
    await show('partners');
    const rows = await handle(page, 'partner-row').evaluateAll((all) => all.map(({ dataset }) => dataset));
    return new Map(
      rows.map(({ device = '', state = '', online, reason }) => [
        device,
        { state, online: online === 'true', silent: state === 'suspect' && reason === 'silent' },
      ]),
    );
  }

  /** Holders that the page or the owner is wrong about: whether they are on, or silent though they are on. */
  async function misjudged(): Promise<readonly string[]> {
    const wrong = (seen: Seen | undefined, { running }: SpedAgent): boolean =>
      seen !== undefined && (seen.online !== running || (running && seen.silent));
    const views = { page: await seenByPage(), owner: await seenByOwner() };
    return Object.entries(views).flatMap(([who, partners]) =>
      holders
        .filter((holder) => wrong(partners.get(holder.device), holder))
        .map((holder) => `${who} of ${holder.home}`),
    );
  }

  /**
   * Lets time pass, a step at a time, until page and owner both judge one so. Before each step both must see who is on and who is
   * off: what passes before that counts the wrong way. @returns the steps that it took
   */
  async function passUntil(agent: SpedAgent, state: string, stepMs: number, least: number): Promise<number> {
    for (let steps = 1; ; steps++) {
      await expect.poll(misjudged, { timeout: WAIT_MS }).toEqual([]);
      await time.pass(stepMs);
      await sleep(LOOK_MS);
      const judged = [await seenByPage(), await seenByOwner()].map((seen) => seen.get(agent.device)?.state);
      if (judged.every((its) => its === state)) return steps;
      if (steps === least + LOST_STEPS_MAX) {
        throw new Error(
          `page and owner must call it ${state} after ${steps} steps, got ${judged.join(', ')}`,
        );
      }
    }
  }

  /** Stops one for good, lets all notice, and lets more time pass than is usual for one that is always on. */
  async function silence(agent: SpedAgent): Promise<void> {
    await agent.kill();
    await passUntil(agent, 'suspect', 2 * HOUR_MS, 1);
  }

  it('protects the files of a page and of a process', async () => {
    await dropFolder(page, pageTree);
    await waitForHealth(page, 'protected');
    const report = await roost(owner.home, 'backup', workspace.path('from-node'));
    expect(report).toMatchObject({ event: 'done', health: 'protected' });
    await show('partners');
    await expect.poll(() => handle(page, 'partner-row').count(), { timeout: WAIT_MS }).toBe(HOLDERS + 1);
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
    await expect.poll(misjudged, { timeout: WAIT_MS }).toEqual([]);
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
    await show('home');
    // The risk is over as soon as the pieces are made again, so it is watched for from before it begins.
    await Promise.all([
      waitForHealth(page, 'at-risk'),
      handle(page, 'health').getByText('a partner lost pieces of yours').waitFor(),
      handle(page, 'health-notes')
        .getByText(/still to be made again/)
        .waitFor(),
      wiped.start(),
    ]);
    await waitForEvent('partner-lost-pieces', 'Holder 2');
    await waitForEvent('repair-done', /made again/);
    await show('home');
    await waitForHealth(page, 'protected');
    await waitForRow(joined, 'active');
    await expect.poll(() => row(joined).innerText(), { timeout: WAIT_MS }).toMatch(HOLDS_SOMETHING);
    await expect
      .poll(async () => (await partnerOf(joined))?.['held'], { timeout: WAIT_MS })
      .toBeGreaterThan(0);
  });

  it('drops one that stays away past its grace, tells why, and has it replaced', async () => {
    const gone = holders[2]!;
    await silence(gone);
    expect(await passUntil(gone, 'reneged', DAY_MS, GRACE_DAYS)).toBeGreaterThanOrEqual(GRACE_DAYS);
    await waitForEvent('partner-reneged', 'Holder 3');
    await waitForEvent('agreement-ended', 'Holder 3');
    await waitForEvent('partner-reported', /Owner reports that Holder 3/);
    await show('partners');
    await expect.poll(() => row(gone).innerText(), { timeout: WAIT_MS }).not.toMatch(HOLDS_SOMETHING);
    await show('home');
    await waitForHealth(page, 'protected');
    await handle(page, 'health')
      .getByText(/all 5 partners are on it/)
      .waitFor();
    await expect
      .poll(() => partnerOf(gone), { timeout: WAIT_MS })
      .toMatchObject({ state: 'reneged', held: 0 });
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
