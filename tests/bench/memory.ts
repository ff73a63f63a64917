import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { dropFolder, joinInPage, waitForHealth } from '../e2e/support/app.ts';
import { openProfile } from '../e2e/support/browser.ts';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { finished, spawnRoost } from '../e2e/support/roost.ts';
import type { Workspace } from '../e2e/support/workspace.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { seconds } from './measure.ts';
import { MemoryWatch, pagesWithWorkers } from './process-memory.ts';

const HOLDERS = 6;
const MB = 1e6;
const FILE_BYTES = 50 * MB;
/** Longer than any machine takes for a megabyte. */
const MS_PER_MB = 2_000;
const LONG_TASK_MS = 50;

interface Figures {
  readonly where: string;
  readonly megabytes: number;
  readonly peak: number;
  /** before the backup */
  readonly idle: number;
  readonly took: number;
  /** milliseconds of tasks on the page's thread that kept it for longer than 50 ms; undefined where there is no page */
  readonly longTasks: readonly number[] | undefined;
}

/** Peak memory and long tasks of a first backup, once for each size of folder in MB. @returns lines of a Markdown table */
export async function measureMemory(sizes: readonly number[]): Promise<string> {
  const figures: Figures[] = [];
  for (const megabytes of sizes) {
    for (const backup of [inChromium, inNode]) {
      const workspace = await openWorkspace('bench-memory');
      try {
        const tree = workspace.path('tree');
        await makeFiles(tree, megabytes);
        figures.push(await backup(workspace, tree, megabytes));
      } finally {
        await workspace.close();
      }
    }
  }
  const rows = figures.map(({ where, megabytes, peak, idle, took, longTasks }) => {
    const tasks =
      longTasks === undefined ? '' : `${longTasks.length} | ${Math.round(Math.max(0, ...longTasks))}`;
    return `| ${where} | ${megabytes} | ${Math.round(idle)} | **${Math.round(peak)}** | ${(megabytes / took).toFixed(1)} | ${tasks === '' ? ' | ' : tasks} |`;
  });
  return [
    '| first backup to 6 holders | folder MB | before MB | peak MB | MB/s | tasks over 50 ms | longest ms |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

/** Noise: nothing can be left out or made smaller. */
async function makeFiles(folder: string, megabytes: number): Promise<void> {
  await mkdir(folder);
  const bytes = Buffer.alloc(FILE_BYTES);
  for (let at = 0; at * FILE_BYTES < megabytes * MB; at++)
    await writeFile(join(folder, `${at}.bin`), randomFillSync(bytes));
}

const offerFor = (megabytes: number): string => `${Math.ceil(megabytes / 500) + 1}GiB`;

async function inChromium(workspace: Workspace, tree: string, megabytes: number): Promise<Figures> {
  const cooperative = await startCooperative(workspace, HOLDERS, offerFor(megabytes));
  const profile = await openProfile(workspace, 'profile');
  const { page } = profile;
  await joinInPage(profile, cooperative.invite, 'Bench');
  const before = new MemoryWatch(() => pagesWithWorkers(profile.directory));
  await page.waitForTimeout(2_000);
  const idle = before.stop();
  await noteLongTasks(page);
  const watch = new MemoryWatch(() => pagesWithWorkers(profile.directory));
  const took = await seconds(async () => {
    await dropFolder(page, tree);
    await waitForHealth(page, 'protected', megabytes * MS_PER_MB);
  });
  const peak = watch.stop();
  return {
    where: 'Chromium: page and workers',
    megabytes,
    peak,
    idle,
    took,
    longTasks: await longTasks(page),
  };
}

async function inNode(workspace: Workspace, tree: string, megabytes: number): Promise<Figures> {
  const { owner } = await startCooperative(workspace, HOLDERS, offerFor(megabytes));
  const child = spawnRoost(owner.home, ['backup', tree]);
  const watch = new MemoryWatch(async () => (child.pid === undefined ? [] : [child.pid]));
  const took = await seconds(async () => {
    const { code, last } = await finished(child);
    if (code !== 0) throw new Error(`roost backup ended with ${String(code)}: ${JSON.stringify(last)}`);
  });
  return {
    where: 'Node.js: whole process',
    megabytes,
    peak: watch.stop(),
    idle: 0,
    took,
    longTasks: undefined,
  };
}

/** Collects long tasks in the page from here on. */
async function noteLongTasks(page: Page): Promise<void> {
  await page.evaluate((least) => {
    const durations: number[] = [];
    Object.assign(globalThis, { benchLongTasks: durations });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) if (duration > least) durations.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  }, LONG_TASK_MS);
}

function longTasks(page: Page): Promise<readonly number[]> {
  return page.evaluate(() => (globalThis as unknown as { benchLongTasks: number[] }).benchLongTasks);
}
