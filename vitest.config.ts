import { existsSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, installedChromium } from './tests/tools/chromium.ts';

const BROWSER = 'tests/**/*.browser.test.ts';
const E2E = 'tests/**/*.e2e.test.ts';
const BROWSER_SETUP = './tests/contracts/browser-setup.ts';

/** As in the scripts of package.json: see docs/decisions/0044-no-keys-for-compiled-code.md. */
const NODE_FLAGS = ['--no-memory-protection-keys'];

const executablePath = installedChromium();

// Every *.test.ts under tests/ belongs to exactly one project: what is not browser or e2e is unit.
export default defineConfig({
  test: {
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'signaling/**/*.ts', 'workers/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          execArgv: NODE_FLAGS,
          include: ['tests/**/*.test.ts'],
          exclude: [BROWSER, E2E],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [svelte()],
        worker: { format: 'es' },
        optimizeDeps: {
          // All packages are found before the first test: one found later reloads the pages under test.
          entries: [BROWSER, 'src/app/**/*.{ts,svelte}', 'src/adapters/web/**/*.ts', 'workers/*.ts'],
        },
        test: {
          name: 'browser',
          include: [BROWSER],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          globalSetup: existsSync(BROWSER_SETUP) ? [BROWSER_SETUP] : [],
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...CHROMIUM_ARGS],
                ...(executablePath ? { executablePath } : {}),
              },
              // Without these grants WebRTC hides its addresses behind mDNS names, which need a network.
              contextOptions: { permissions: ['camera', 'microphone'] },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          execArgv: NODE_FLAGS,
          include: [E2E],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
