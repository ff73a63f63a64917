import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApp } from './support/open-app.ts';
import type { OpenApp } from './support/open-app.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Every screen, the scene that fills it and the handles that checks written elsewhere rely on. */
const SCREENS: readonly (readonly [scene: string, fragment: string, handles: readonly string[]])[] = [
  ['plain-http', '', ['plain-http']],
  ['unsupported', '', ['unsupported']],
  ['failed', '', []],
  ['new', '', ['start-cooperative', 'join-cooperative', 'restore-with-words']],
  ['new', '#join=abc', ['invite-input', 'display-name', 'continue']],
  ['new', '#restore', ['words-input', 'continue']],
  ['fresh', '#/home', ['health', 'folder-input', 'drop-zone', 'backup-now']],
  ['member', '#/home', ['health', 'folder-row', 'folder-input', 'drop-zone', 'backup-now']],
  ['saving', '#/home', ['health', 'progress']],
  ['risk', '#/home', ['health']],
  ['same', '#/home', ['health']],
  ['suspects', '#/home', ['health', 'health-notes', 'check-partners']],
  ['repairing', '#/home', ['health', 'health-notes', 'progress']],
  ['risks', '#/home', ['health', 'health-notes']],
  ['following', '#/home', ['health', 'use-this-tab']],
  ['update', '#/home', ['health']],
  ['member', '#/files', ['snapshot-row', 'file-row', 'restore-zip', 'restore-folder']],
  ['member', '#/partners', ['partner-row']],
  ['stories', '#/partners', ['partner-row', 'agreement', 'end-partnership']],
  ['member', '#/space', ['offer-space']],
  ['member', '#/cooperative', ['invite-link']],
  ['member', '#/recovery', ['check-words', 'save-sheet', 'sheet-partners']],
  ['following', '#/recovery', ['check-words']],
  ['member', '#/activity', ['activity-row']],
  ['stories', '#/activity', ['activity-row']],
];
const NAVIGATION = ['home', 'files', 'partners', 'space', 'cooperative', 'recovery', 'activity'];

/** The part of axe's report that is read here. */
interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

let app: OpenApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

async function violations(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(AXE);
  return page.evaluate(async (tags) => {
    // Colours on their way from light to dark are neither; an animation that is called off rejects.
    await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined)));
    const result = await (
      globalThis as unknown as { axe: { run(root: Document, options: unknown): Promise<AxeResult> } }
    ).axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return result.violations.map(
      (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`,
    );
  }, RULES);
}

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe('every screen', () => {
  for (const [scene, fragment, handles] of SCREENS) {
    it(`has its test handles, no axe violation in light and dark, and fits 360 px: ${scene} ${fragment}`, async () => {
      const { page, errors, close } = await app.open(scene, fragment);
      for (const handle of handles) await page.getByTestId(handle).first().waitFor({ state: 'attached' });
      if (fragment.startsWith('#/')) {
        for (const name of NAVIGATION) expect(await page.getByTestId(`nav-${name}`).count()).toBe(1);
      }
      // What is folded away is looked at, too.
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await overflow(page)).toBe(0);
      expect(await violations(page)).toEqual([]);
      expect(errors).toEqual([]);
      await close();
    });
  }
});

describe('the question which of two folders of one name is meant', () => {
  it('has no axe violation and fits 360 px', async () => {
    const { page, errors, close } = await app.open('member', '#/home');
    await page.getByRole('button', { name: 'Choose a folder', exact: true }).click();
    await page.getByRole('dialog').waitFor();
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflow(page)).toBe(0);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    expect(errors).toEqual([]);
    await close();
  });
});

describe('the words screen', () => {
  it('has no axe violation, fits 360 px and gives the words with single spaces', async () => {
    const { page, errors, close } = await app.open('new');
    await page.getByTestId('start-cooperative').click();
    expect(await violations(page)).toEqual([]);
    await page.getByTestId('cooperative-name').fill('The Lindens');
    await page.getByTestId('display-name').fill('Noor');
    await page.getByTestId('continue').click();
    const words = page.getByTestId('recovery-words');
    const phrase = /^[a-z]+( [a-z]+){11}$/;
    expect(await words.innerText()).toMatch(phrase);
    expect(await words.textContent()).toMatch(phrase);
    await page.getByText('Check three words').click();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await overflow(page)).toBe(0);
    expect(errors).toEqual([]);
    await close();
  });
});

describe('facts on screen', () => {
  it('tells health, folders, partners and progress as data attributes', async () => {
    const { page, close } = await app.open('saving', '#/home');
    const attribute = (handle: string, name: string) => page.getByTestId(handle).first().getAttribute(name);
    expect(await attribute('health', 'data-health')).toBe('saving');
    expect(await attribute('folder-row', 'data-folder')).toBe('Letters');
    expect(await attribute('folder-row', 'data-health')).toBe('protected');
    expect(await attribute('progress', 'data-done')).toBe('1900000000');
    expect(await attribute('progress', 'data-total')).toBe('4200000000');
    await page.getByTestId('nav-partners').click();
    // Who needs a look comes first.
    expect(await attribute('partner-row', 'data-state')).toBe('suspect');
    expect(await page.locator('[data-testid="partner-row"][data-state="active"]').count()).toBe(5);
    expect(await attribute('partner-row', 'data-device')).toMatch(/^[0-9a-f]{40}$/);
    await page.getByTestId('nav-files').click();
    await page.getByTestId('file-row').first().waitFor();
    expect(await attribute('file-row', 'data-path')).toBe('Letters');
    await close();
  });

  it('tells of each partner its reason and its last proof as data attributes', async () => {
    const { page, close } = await app.open('stories', '#/partners');
    const rows = page.getByTestId('partner-row');
    const facts = await rows.evaluateAll((all) =>
      all.map(({ dataset }) => `${dataset['state'] ?? '?'} ${dataset['reason'] ?? '?'}`),
    );
    expect(facts).toEqual(
      expect.arrayContaining([
        'active ',
        'suspect silent',
        'suspect proof-failed',
        'suspect proof-unanswered',
        'active lost-pieces',
        'evicted evicted',
        'leaving leaving',
        'reneged reneged-silent',
        'reneged reneged-proof',
        'departed no-member',
        'departed ended',
      ]),
    );
    const active = page.locator('[data-testid="partner-row"][data-state="active"][data-reason=""]');
    expect(Number(await active.getAttribute('data-last-proof'))).toBeGreaterThan(Date.now() - 86_400_000);
    const unproved = page.locator('[data-testid="partner-row"][data-reason="silent"]');
    expect(await unproved.getAttribute('data-last-proof')).toBeNull();
    await unproved.getByText('Has not proved yet that it keeps your pieces.').waitFor();
    await close();
  });

  it('says the whole truth in the one sentence', async () => {
    for (const [scene, sentence] of [
      ['member', 'Protected: 6 of 6 partners hold it, any 3 can be lost.'],
      ['suspects', 'Protected: 6 of 6 partners hold it, any 3 can be lost.'],
      ['same', 'Safe from mistakes, not from the loss of this computer: all 5 partners are on it.'],
      ['risk', 'At risk: a partner lost pieces of yours.'],
      ['fresh', 'Nothing is saved yet.'],
    ] as const) {
      const { page, close } = await app.open(scene, '#/home');
      expect(await page.getByTestId('health').innerText()).toBe(sentence);
      await close();
    }
  });

  it('never calls anything a node, a shard or a peer', async () => {
    const { page, close } = await app.open('member', '#/home');
    for (const name of NAVIGATION) {
      await page.getByTestId(`nav-${name}`).click();
      await page.locator('main h1').waitFor({ state: 'attached' });
      expect(await page.locator('body').innerText()).not.toMatch(/\b(nodes?|shards?|peers?)\b/);
    }
    await close();
  });
});
