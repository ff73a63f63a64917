import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { CHROMIUM_ARGS, findChromium } from '../../tools/chromium.ts';
import { serveApp } from './serve-app.ts';
import type { ServedApp } from './serve-app.ts';

export interface OpenApp {
  readonly browser: Browser;
  readonly app: ServedApp;
  /** A fresh profile on a scene of the fake agent. Errors of the page fail the test that asks `errors`. */
  open(scene: string, fragment?: string, options?: BrowserContextOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

export interface OpenPage {
  readonly page: Page;
  /** what the page complained about: exceptions, and everything its policy blocked */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** One browser and one build of the app for a file of tests. */
export async function openApp(): Promise<OpenApp> {
  const app = await serveApp();
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: [...CHROMIUM_ARGS],
  });
  return {
    browser,
    app,
    open: async (scene, fragment, options) => {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && !message.text().includes('favicon')) errors.push(message.text());
      });
      await page.goto(app.url(scene, fragment));
      return { page, errors, close: () => context.close() };
    },
    close: async () => {
      await browser.close();
      await app.close();
    },
  };
}
