import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {} from './support/app-entry.ts';
import { WORDS } from './support/fake-state.ts';
import { openApp } from './support/open-app.ts';
import type { OpenApp } from './support/open-app.ts';

let app: OpenApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const calls = (page: Page): Promise<string[]> => page.evaluate(() => window.fake.agent.calls);

/** Tab until the element with this test id has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, testid: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))) === testid) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`60 presses of Tab did not reach ${testid}`);
}

describe('the three doors, by keyboard alone', () => {
  it('starts a cooperative', async () => {
    const { page, errors, close } = await app.open('new');
    await tabTo(page, 'start-cooperative');
    await page.keyboard.press('Enter');
    await page.getByTestId('cooperative-name').waitFor();
    await page.keyboard.type('The Lindens');
    await tabTo(page, 'display-name');
    await page.keyboard.type('Noor');
    await page.keyboard.press('Enter');
    await page.getByTestId('recovery-words').waitFor();
    await tabTo(page, 'words-saved');
    await page.keyboard.press('Enter');
    await page.getByTestId('health').waitFor();
    expect(await page.getByTestId('health').getAttribute('data-health')).toBe('empty');
    expect(await calls(page)).toEqual(
      expect.arrayContaining(['createAccount', 'found', 'setOffer', 'start']),
    );
    expect(errors).toEqual([]);
    await close();
  });

  it('says for a while that an invite was not used, where there is a cooperative already', async () => {
    const { page, close } = await app.open('protected', '#join=a-long-code');
    const said = page.getByText('so the invite was not used');
    await said.waitFor();
    const box = (await said.boundingBox())!;
    expect(box.width).toBeGreaterThan(100);
    expect(box.height).toBeGreaterThan(20);
    expect(page.url()).not.toContain('a-long-code');
    await expect.poll(() => said.count(), { timeout: 15_000 }).toBe(0);
    await close();
  });

  it('joins with a link that fills the invite in', async () => {
    const { page, close } = await app.open('new', '#join=a-long-code');
    expect(await page.getByTestId('invite-input').inputValue()).toBe(
      'https://roost.example/#join=a-long-code',
    );
    await tabTo(page, 'display-name');
    await page.keyboard.type('Bo');
    await tabTo(page, 'continue');
    await page.keyboard.press('Enter');
    await page.getByTestId('words-saved').waitFor();
    await tabTo(page, 'words-saved');
    await page.keyboard.press('Space');
    await page.getByTestId('health').waitFor();
    expect(page.url()).not.toContain('join=');
    expect(await page.getByText('so the invite was not used').count()).toBe(0);
    await close();
  });

  it('restores with the words and opens Files', async () => {
    const { page, close } = await app.open('new', '#restore');
    await tabTo(page, 'words-input');
    await page.keyboard.type(WORDS);
    await tabTo(page, 'continue');
    await page.keyboard.press('Enter');
    await page.getByTestId('snapshot-row').first().waitFor();
    expect(page.url()).toContain('#/files');
    await close();
  });
});

describe('the doors when something goes wrong', () => {
  it('tells wrong words with a next step, and takes the right ones afterwards', async () => {
    const { page, close } = await app.open('new', '#restore');
    await page.getByTestId('words-input').fill('one two three');
    await page.getByTestId('continue').click();
    const fault = page.locator('[data-fault="wrong-words"]');
    // They may be misspelt, of no list, or right for another address.
    await fault.getByText('Compare each of the twelve, and their order, with your sheet').waitFor();
    await page.getByTestId('words-input').fill(WORDS);
    await page.getByTestId('continue').click();
    await page.getByTestId('snapshot-row').first().waitFor();
    await close();
  });

  it('keeps the same words when a join fails and is tried again', async () => {
    const { page, close } = await app.open('new', '#join=abc');
    await page.evaluate(() => window.fake.agent.faults.set('join', 'bad-invite'));
    await page.getByTestId('display-name').fill('Bo');
    await page.getByTestId('continue').click();
    await page.locator('[data-fault="bad-invite"]').waitFor();
    await page.getByTestId('continue').click();
    await page.getByTestId('recovery-words').waitFor();
    expect((await calls(page)).filter((call) => call === 'createAccount')).toHaveLength(1);
    await close();
  });

  it('shows a recovery that found too few partners and asks them again', async () => {
    const { page, close } = await app.open('new', '#restore');
    await page.evaluate(() => window.fake.agent.faults.set('recover', 'too-few'));
    await page.getByTestId('words-input').fill(WORDS);
    await page.getByTestId('continue').click();
    await page.locator('[data-fault="too-few"]').waitFor();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByTestId('snapshot-row').first().waitFor();
    await close();
  });

  it('checks three words, pasted all at once', async () => {
    const { page, close } = await app.open('new');
    await page.getByTestId('start-cooperative').click();
    await page.getByTestId('cooperative-name').fill('The Lindens');
    await page.getByTestId('display-name').fill('Noor');
    await page.getByTestId('continue').click();
    await page.getByText('Check three words').click();
    await page
      .getByLabel(/^Word \d+$/)
      .first()
      .evaluate((input, words) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text', words);
        input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
      }, WORDS);
    await page.getByText('All three are right.').waitFor();
    await close();
  });
});

describe('folders', () => {
  it('saves a folder as soon as it is chosen, and again on demand', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'roost-folder-'));
    writeFileSync(join(directory, 'note.txt'), 'a note');
    const name = directory.split('/').at(-1) ?? '';
    const { page, errors, close } = await app.open('fresh', '#/home');
    await page.getByTestId('folder-input').setInputFiles(directory);
    const row = page.locator(`[data-testid="folder-row"][data-folder="${name}"]`);
    await row.waitFor();
    await page.locator('[data-testid="health"][data-health="protected"]').waitFor();
    await page.getByTestId('backup-now').click();
    await expect
      .poll(async () => (await calls(page)).filter((call) => call === `backup ${name}`))
      .toHaveLength(2);
    expect(errors).toEqual([]);
    rmSync(directory, { recursive: true });
    await close();
  });

  it('says which folders must be chosen again after a reload, and opens those that may', async () => {
    const { page, close } = await app.open('member', '#/home');
    const row = (name: string) => page.locator(`[data-folder="${name}"]`);
    await row('Photos').getByRole('button', { name: 'Allow access again' }).click();
    await row('Photos').getByRole('button', { name: 'Allow access again' }).waitFor({ state: 'detached' });
    await row('Taxes').getByRole('button', { name: 'Choose it again' }).waitFor();
    expect(await row('Letters').getByRole('button').count()).toBe(1);
    expect(await calls(page)).toContain('backup Letters Photos');
    await close();
  });

  it('asks before another folder of the same name takes the place of the one that is saved', async () => {
    const { page, errors, close } = await app.open('member', '#/home');
    const dialog = page.getByRole('dialog', { name: 'Which “Photos” is this?' });
    const choose = (): Promise<void> =>
      page.getByRole('button', { name: 'Choose a folder', exact: true }).click();
    await choose();
    await dialog.getByText('Another folder called “Photos” is backed up here already').waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await calls(page)).filter((call) => /^(backup|keep)/.test(call))).toEqual([]);
    // The safe answer has the focus.
    await choose();
    await dialog.waitFor();
    await page.keyboard.press('Enter');
    await page.locator('[data-folder="Photos (2)"][data-health="protected"]').waitFor();
    expect(await calls(page)).toContain('backup Letters Photos (2)');
    await choose();
    await dialog.getByRole('button', { name: 'Save it as “Photos (3)”' }).waitFor();
    await dialog.getByRole('button', { name: 'It is the same folder, moved' }).click();
    await expect.poll(() => calls(page)).toContain('backup Letters Photos (2) Photos');
    expect((await calls(page)).filter((call) => /^(keep|forget)/.test(call))).toEqual([
      'keep Photos (2)',
      'forget Photos',
      'keep Photos',
    ]);
    expect(errors).toEqual([]);
    await close();
  });

  it('asks about a list of files only when no file of it was saved under its name', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'roost-folder-')), 'Taxes');
    mkdirSync(directory);
    writeFileSync(join(directory, 'note.txt'), 'a note');
    const { page, close } = await app.open('member', '#/home');
    await page.getByTestId('folder-input').setInputFiles(directory);
    const dialog = page.getByRole('dialog', { name: 'Which “Taxes” is this?' });
    await dialog.getByText('nothing shows that this is the same one').waitFor();
    await dialog.getByRole('button', { name: 'Do not add it' }).click();
    expect(await calls(page)).not.toContain('backup Letters Taxes');
    await page.evaluate(() => window.fake.agent.known.add('Taxes'));
    await page.getByTestId('folder-input').setInputFiles(directory);
    await expect.poll(() => calls(page)).toContain('backup Letters Taxes');
    expect(await dialog.count()).toBe(0);
    rmSync(dirname(directory), { recursive: true });
    await close();
  });

  it('waits for partners and goes on by itself when one comes online', async () => {
    const { page, close } = await app.open('member', '#/home');
    await page.evaluate(() => window.fake.agent.faults.set('backup Letters Photos', 'too-few'));
    await page.getByTestId('backup-now').click();
    await page.locator('[data-fault="too-few"]').waitFor();
    await page.evaluate(() => {
      const { agent } = window.fake;
      agent.set({ partners: agent.state.partners.map((partner) => ({ ...partner, online: true })) });
    });
    await page.locator('[data-fault="too-few"]').waitFor({ state: 'detached' });
    await close();
  });

  it('leaves no note of a backup under a risk that came later', async () => {
    const { page, close } = await app.open('member', '#/home');
    await page.getByTestId('backup-now').click();
    const note = page.getByText(/^Saved\. .* looked at/);
    await note.waitFor();
    await page.evaluate(() => {
      const { agent } = window.fake;
      agent.set({ health: { ...agent.state.health, state: 'at-risk', reason: 'holders-lost-pieces' } });
    });
    await page.getByTestId('health').getByText('a partner lost pieces of yours').waitFor();
    await note.waitFor({ state: 'detached' });
    await close();
  });

  it('pauses, goes on and stops a run', async () => {
    const { page, close } = await app.open('member', '#/home');
    await page.evaluate(() => (window.fake.agent.holdRuns = true));
    await page.getByTestId('backup-now').click();
    await page.getByTestId('progress').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.locator('[data-fault="aborted"]').waitFor();
    expect(await page.getByTestId('progress').count()).toBe(0);
    await close();
  });

  it('asks before it stops backing up a folder', async () => {
    const { page, close } = await app.open('member', '#/home');
    await page.getByRole('button', { name: 'Stop backing up Taxes' }).click();
    await page.getByRole('button', { name: 'Stop backing it up' }).click();
    await page.locator('[data-folder="Taxes"]').waitFor({ state: 'detached' });
    await close();
  });
});

describe('files', () => {
  it('scrolls 100,000 rows with only those in sight in the document', async () => {
    const { page, close } = await app.open('bulk', '#/files');
    await page.getByRole('button', { name: 'bulk', exact: true }).click();
    await page.locator('[data-path="bulk/file-000000.txt"]').waitFor();
    expect(await page.getByTestId('file-row').count()).toBeLessThan(60);
    await page.getByTestId('file-row').first().focus();
    await page.keyboard.press('End');
    await page.locator('[data-path="bulk/file-099999.txt"]:focus').waitFor();
    expect(await page.getByTestId('file-row').count()).toBeLessThan(60);
    await page.getByTestId('file-filter').fill('file-04321');
    await expect.poll(() => page.getByTestId('file-row').count()).toBe(10);
    await close();
  });

  it('walks the tree, selects and restores by keyboard', async () => {
    const { page, errors, close } = await app.open('member', '#/files');
    const focused = (path: string) => page.locator(`[data-path="${path}"]:focus`).waitFor();
    await page.getByTestId('file-row').first().focus();
    await page.keyboard.press('ArrowDown');
    await focused('Photos');
    await page.keyboard.press('ArrowRight');
    await page.locator('[data-path="Photos/2024"]').waitFor();
    await page.keyboard.press('ArrowDown');
    await focused('Photos/2024');
    await page.keyboard.press('Space');
    await page.locator('[data-path="Photos/2024"][aria-selected="true"]').waitFor();
    await page.getByTestId('restore-zip').click();
    const report = page.getByTestId('restore-report');
    await report.waitFor();
    expect(await report.getAttribute('data-files')).toBe('42');
    expect(await report.getAttribute('data-failed')).toBe('0');
    expect(await calls(page)).toContain('restore Photos/2024');
    expect(errors).toEqual([]);
    await close();
  });

  it('says that a restore brings back everything, not only what a search found', async () => {
    const { page, close } = await app.open('member', '#/files');
    await page.getByText('Nothing selected: a restore brings back everything', { exact: true }).waitFor();
    await page.getByTestId('file-filter').fill('birthday');
    await page.getByText('1 match').waitFor();
    await page.getByText('a restore brings back everything, not only the matches').waitFor();
    await page.getByTestId('restore-zip').click();
    await page.getByTestId('restore-report').waitFor();
    expect(await calls(page)).toContain('restore ');
    await page.getByLabel('Select birthday.jpg').check();
    await page.getByText('1 selected').waitFor();
    await close();
  });

  it('leaves the rest selected when one file of a selected folder is taken out', async () => {
    const { page, close } = await app.open('member', '#/files');
    await page.getByLabel('Select Photos').check();
    await page.getByRole('button', { name: 'Show what is in Photos' }).click();
    await page.getByLabel('Select 2024').uncheck();
    await page.getByTestId('restore-folder').click();
    await page.getByTestId('restore-report').waitFor();
    expect(await calls(page)).toContain('restore Photos/2025 Photos/index.html');
    await close();
  });

  it('names what could not be restored and who served wrong bytes', async () => {
    const { page, close } = await app.open('member', '#/files');
    await page.evaluate(() => {
      const { agent } = window.fake;
      agent.restoreReport = {
        files: 40,
        kept: 31,
        failed: [{ path: 'Photos/lost.jpg', fault: 'too-few', reason: 'needs 3 pieces, got 2' }],
        corrected: [{ device: agent.state.partners[1]!.device, segments: 7 }],
      };
    });
    await page.getByTestId('restore-zip').click();
    const report = page.getByTestId('restore-report');
    await report.getByText('Photos/lost.jpg').waitFor();
    await report.getByText('Bo served 7 wrong pieces').waitFor();
    await report.getByText('31 of them lay in the folder already').waitFor();
    expect(await report.getAttribute('data-failed')).toBe('1');
    await close();
  });
});

describe('partners', () => {
  it('prove on demand that they keep the pieces, and those that do not are named', async () => {
    const { page, errors, close } = await app.open('member', '#/home');
    await page.evaluate(() => {
      window.fake.agent.holdRuns = true;
      window.fake.agent.outcomes.set('Farid', 'unreachable').set('Bo', 'failed');
    });
    await page.getByTestId('check-partners').click();
    await page.getByTestId('progress').waitFor();
    await page.getByText('Checking your partners', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await page.evaluate(() => window.fake.agent.release?.());
    const result = page.locator('[data-testid="check-result"][data-outcome="bad"]');
    await result.getByText('4 partners proved').waitFor();
    await result.getByText('Could not prove it: Bo.').waitFor();
    await result.getByText('Not reached: Farid.').waitFor();
    expect(errors).toEqual([]);
    await close();
  });

  it('may be backed up to while lost pieces are made again, which gives way by itself', async () => {
    const { page, close } = await app.open('repairing', '#/home');
    await page.getByText('Making missing pieces again', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await page.evaluate(() => window.fake.update());
    expect(await page.getByRole('button', { name: 'Update now' }).isDisabled()).toBe(true);
    await page.getByTestId('check-partners').click();
    await expect.poll(() => calls(page)).toContain('check');
    await close();
  });

  it('tell a check that failed with a next step', async () => {
    const { page, close } = await app.open('member', '#/home');
    await page.evaluate(() => window.fake.agent.faults.set('check', 'unreachable'));
    await page.getByTestId('check-partners').click();
    await page.locator('[data-fault="unreachable"]').waitFor();
    await close();
  });

  it('are left only after a question', async () => {
    const { page, close } = await app.open('member', '#/partners');
    const row = page.locator('[data-testid="partner-row"]', { hasText: 'Amira' });
    await row.getByText('Agreement', { exact: true }).click();
    await row.getByTestId('end-partnership').click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    expect((await calls(page)).filter((call) => call.startsWith('endPartnership'))).toEqual([]);
    await row.getByTestId('end-partnership').click();
    await page.getByRole('dialog', { name: 'End the partnership with Amira?' }).waitFor();
    await page.getByTestId('end-confirmed').click();
    await page.locator('[data-testid="partner-row"][data-state="leaving"]', { hasText: 'Amira' }).waitFor();
    expect(await calls(page)).toContain(`endPartnership ${'1'.repeat(40)}`);
    await close();
  });

  it('show their week only when there is one, in words for those who do not see it', async () => {
    const { page, close } = await app.open('member', '#/partners', { timezoneId: 'UTC' });
    const row = (name: string) => page.locator('[data-testid="partner-row"]', { hasText: name });
    await row('Bo').getByText('Mostly online 8–18 on weekdays.').waitFor();
    await row('Dele').getByText('Online nearly all the time.').waitFor();
    expect(await row('Chiara').locator('figure').count()).toBe(0);
    await close();
  });
});

describe('around the work', () => {
  it('limits uploads, and takes the limit away', async () => {
    const { page, errors, close } = await app.open('member', '#/space');
    const limit = (): Promise<number | undefined> => page.evaluate(() => window.fake.agent.state.uploadLimit);
    const field = page.getByTestId('upload-limit');
    await field.fill('1.5');
    await field.press('Tab');
    await expect.poll(limit).toBe(1.5 * 2 ** 20);
    await field.fill('0.01');
    await field.press('Tab');
    await page.getByText('Enter 0.1 or more').waitFor();
    expect(await limit()).toBe(1.5 * 2 ** 20);
    await field.fill('');
    await field.press('Tab');
    await expect.poll(limit).toBeUndefined();
    expect(errors).toEqual([]);
    await close();
  });

  it('sets the space given from the number field', async () => {
    const { page, close } = await app.open('member', '#/space');
    await page.getByTestId('offer-space').fill('33');
    await page.getByText('Saved', { exact: true }).waitFor();
    expect(await page.evaluate(() => window.fake.agent.state.space.offered)).toBe(33 * 2 ** 30);
    await close();
  });

  it('compares words typed in and forgets them', async () => {
    const { page, close } = await app.open('member', '#/recovery');
    const check = async (words: string, answer: RegExp) => {
      await page.getByTestId('check-words').fill(words);
      await page.getByRole('button', { name: 'Check', exact: true }).click();
      await page.getByText(answer).waitFor();
    };
    await check('one two', /not recovery words. Compare each of the twelve/);
    await check(WORDS.replace('about', 'zoo'), /another account/);
    await check(WORDS, /These are your words/);
    expect(await page.getByTestId('check-words').inputValue()).toBe('');
    await close();
  });

  it('prints a sheet with words on the first day and with blanks later', async () => {
    const { page, close } = await app.open('member', '#/recovery');
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByText('Roost recovery sheet').isVisible()).toBe(true);
    expect(await page.locator('.sheet li .place').count()).toBe(12);
    expect(await page.getByTestId('nav-home').isVisible()).toBe(false);
    const sheet = page.locator('.sheet');
    expect(await sheet.getByText('Amira, Kitchen laptop').isVisible()).toBe(true);
    expect(await sheet.getByText('11111111').isVisible()).toBe(true);
    expect(await sheet.getByText('The Lindens').isVisible()).toBe(true);
    await close();
  });

  it('saves the sheet as a file, without the words', async () => {
    const { page, close } = await app.open('member', '#/recovery');
    await page.getByTestId('save-sheet').click();
    await page.getByText('The sheet is saved.').waitFor();
    const [[name, content] = ['', '']] = await page.evaluate(() => [...window.fake.saved]);
    expect(name).toBe('roost-recovery-the-lindens.txt');
    expect(content).toContain('https://roost.example/');
    expect(content).toContain('11111111  Amira, Kitchen laptop');
    expect(content).not.toContain('abandon');
    await close();
  });

  it('leaves the sheet to the leading tab', async () => {
    const { page, errors, close } = await app.open('following', '#/recovery');
    await page.getByText('print the sheet there').waitFor();
    expect(await page.getByTestId('save-sheet').count()).toBe(0);
    expect(errors).toEqual([]);
    await close();
  });

  it('follows another tab without commands until this tab is to be used', async () => {
    const { page, close } = await app.open('following', '#/home');
    await page.getByText('Roost is open in another tab; this one follows it.').waitFor();
    expect(await page.getByTestId('backup-now').count()).toBe(0);
    await page.getByRole('button', { name: 'Use this tab instead' }).click();
    await page.getByTestId('backup-now').waitFor();
    await close();
  });

  it('updates only when asked, and never in the middle of a transfer', async () => {
    const { page, close } = await app.open('saving', '#/home');
    await page.evaluate(() => window.fake.update());
    const button = page.getByRole('button', { name: 'Update now' });
    expect(await button.isDisabled()).toBe(true);
    await page.evaluate(() => window.fake.agent.set({ task: undefined }));
    await button.click();
    expect(await calls(page)).toContain('update');
    await close();
  });

  it('says what still works while introductions are off', async () => {
    const { page, close } = await app.open('risk', '#/home');
    await page.getByText(/Introductions are off.*go on as before/).waitFor();
    await close();
  });

  it('warns before leaving only while a run is on', async () => {
    const { page, close } = await app.open('member', '#/home');
    const prevented = (): Promise<boolean> =>
      page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
    expect(await prevented()).toBe(false);
    await page.evaluate(() => (window.fake.agent.holdRuns = true));
    await page.getByTestId('backup-now').click();
    await page.getByTestId('progress').waitFor();
    expect(await prevented()).toBe(true);
    await close();
  });

  it('finds entries of the log by what their sentences say', async () => {
    const { page, close } = await app.open('member', '#/activity');
    const rows = page.getByTestId('activity-row');
    const all = await rows.count();
    await page.getByLabel('Search the log').fill('farid');
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.innerText()).toContain('Farid lost 14 pieces of yours.');
    await page.getByLabel('Search the log').fill('');
    await page.getByLabel('Only warnings and problems').check();
    expect(await rows.count()).toBeLessThan(all);
    await close();
  });
});
