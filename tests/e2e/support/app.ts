import { expect } from 'vitest';
import type { Page } from 'playwright-core';
import { handle } from './browser.ts';
import type { Profile } from './browser.ts';

const MINUTE_MS = 60_000;

/** Opens an invite link and goes through to the home screen. @returns the recovery words shown */
export async function joinInPage(profile: Profile, invite: string, name: string): Promise<string> {
  const { page } = profile;
  await page.goto(invite);
  await handle(page, 'display-name').fill(name);
  await handle(page, 'continue').click();
  return saveWords(page);
}

/** Reads the words that are shown once and says that they are kept. */
async function saveWords(page: Page): Promise<string> {
  const element = handle(page, 'recovery-words');
  await element.waitFor();
  const words = (await element.innerText()).trim().split(/\s+/).join(' ');
  expect(words.split(' ')).toHaveLength(12);
  await handle(page, 'words-saved').click();
  await handle(page, 'health').waitFor();
  return words;
}

/** Gives a folder to the page, as picking it does, and starts a run where that does not start by itself. */
export async function addFolder(page: Page, directory: string): Promise<void> {
  await handle(page, 'nav-home').click();
  await handle(page, 'folder-input').setInputFiles(directory);
}

/** Drops a folder on the page, which gets a handle of the real directory, as somebody's hand does. */
export async function dropFolder(page: Page, directory: string): Promise<void> {
  await handle(page, 'nav-home').click();
  const zone = await handle(page, 'drop-zone').boundingBox();
  if (zone === null) throw new Error('there is nothing on the screen to drop a folder on');
  const devtools = await page.context().newCDPSession(page);
  const at = { x: zone.x + 10, y: zone.y + 10 };
  const data = { items: [], files: [directory], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', { type, ...at, data });
  await devtools.detach();
}

/** Waits until the health sentence is in a state. */
export async function waitForHealth(page: Page, state: string, timeout = 3 * MINUTE_MS): Promise<void> {
  const locator = page.locator(`[data-testid="health"][data-health="${state}"]`);
  try {
    await locator.waitFor({ timeout });
  } catch (error) {
    const shown = await handle(page, 'health').getAttribute('data-health');
    const text = await page.locator('body').innerText();
    throw new Error(
      `health is "${shown ?? ''}", expected "${state}"; the page says:\n${text.slice(0, 2000)}`,
      {
        cause: error,
      },
    );
  }
}

/** Waits until the page knows so many snapshots, and goes back to the home screen. */
export async function waitForSnapshots(page: Page, count: number, timeout = 10 * MINUTE_MS): Promise<void> {
  await handle(page, 'nav-files').click();
  await handle(page, 'snapshot-row')
    .nth(count - 1)
    .waitFor({ timeout });
  await handle(page, 'nav-home').click();
}

/** Restores the latest snapshot as a ZIP. @returns the report's numbers */
export async function restoreZip(page: Page, target: string): Promise<{ files: number; failed: number }> {
  await handle(page, 'nav-files').click();
  await handle(page, 'snapshot-row').first().click();
  await handle(page, 'file-row').first().waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: 3 * MINUTE_MS }),
    handle(page, 'restore-zip').click(),
  ]);
  await download.saveAs(target);
  const report = handle(page, 'restore-report');
  await report.waitFor({ timeout: 3 * MINUTE_MS });
  return {
    files: Number(await report.getAttribute('data-files')),
    failed: Number(await report.getAttribute('data-failed')),
  };
}

/** Goes through the restore door with twelve words, as on a new machine. */
export async function recoverInPage(page: Page, url: string, words: string): Promise<void> {
  await page.goto(`${url}/#restore`);
  await handle(page, 'words-input').fill(words);
  await handle(page, 'continue').click();
  await snapshotOrFault(page);
}

/** Recovery ends with the snapshots on screen; what the page says instead is worth more than a timeout. */
async function snapshotOrFault(page: Page): Promise<void> {
  try {
    await handle(page, 'snapshot-row')
      .first()
      .waitFor({ timeout: 2 * MINUTE_MS });
  } catch (error) {
    const text = await page.locator('body').innerText();
    throw new Error(`no snapshot came; the page says:\n${text.slice(0, 2000)}`, { cause: error });
  }
}
