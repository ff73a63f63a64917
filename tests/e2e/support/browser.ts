import { mkdir, rm } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium } from '../../tools/chromium.ts';
import type { Workspace } from './workspace.ts';

const STEP_MS = 60_000;

/** One person's browser: a profile directory that outlives its process. */
export interface Profile {
  readonly directory: string;
  readonly context: BrowserContext;
  readonly page: Page;
  /** what the page logged as an error, and errors nobody caught */
  readonly problems: string[];
  close(): Promise<void>;
  /** Closes the browser and removes all that it kept. */
  destroy(): Promise<void>;
}

/** Opens a persistent profile in a Chromium of its own. It is closed with the workspace. */
export async function openProfile(
  workspace: Workspace,
  name: string,
  extraArgs: readonly string[] = [],
): Promise<Profile> {
  const directory = workspace.path(name);
  await mkdir(directory, { recursive: true });
  const context = await chromium.launchPersistentContext(directory, {
    executablePath: await findChromium(),
    args: [...CHROMIUM_ARGS, ...extraArgs],
    headless: true,
    // Without these grants WebRTC hides its addresses behind mDNS names, which need a network.
    permissions: ['camera', 'microphone'],
    acceptDownloads: true,
    viewport: { width: 1100, height: 800 },
  });
  context.setDefaultTimeout(STEP_MS);
  let open = true;
  const close = async (): Promise<void> => {
    if (open) await context.close();
    open = false;
  };
  workspace.onClose(close);
  const page = context.pages()[0] ?? (await context.newPage());
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  return {
    directory,
    context,
    page,
    problems,
    close,
    async destroy() {
      await close();
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

/** An element by its stable handle. */
export function handle(page: Page, name: string): Locator {
  return page.getByTestId(name);
}
