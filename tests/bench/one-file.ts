import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { decodeOwnCbor } from '../../src/core/cbor.ts';
import { FRAME_HEADER_MAX_BYTES } from '../../src/core/limits.ts';
import { recoverInPage } from '../e2e/support/app.ts';
import { handle, openProfile } from '../e2e/support/browser.ts';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { roost } from '../e2e/support/roost.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { median } from './measure.ts';

const HOLDERS = 9;
const FOLDERS = 10;
const MB = 1e6;
const KB = 1e3;
/** More of them than one bundle takes. */
const SMALL_FILES = 60;
const SMALL_BYTES = 10 * KB;
const MS_PER_MB = 2_000;
/** At least, whatever the size: a page that came back is busy for a while. */
const LEAST_MS = 180_000;
/** What it does without being busy has ended by then. */
const SETTLE_MS = 20_000;
/** The first of its folder, so that the list shows it. */
const WANTED = '000.bin';

/** A frame that crossed one of the page's data channels. */
interface FrameNote {
  readonly channel: number;
  readonly sent: boolean;
  readonly bytes: number;
  readonly header: readonly number[];
}

interface Fetched {
  readonly requests: number;
  readonly rounds: number;
  readonly bytes: number;
}

/**
 * Restores single small files, each from another folder, in a page that has index and trees: requests for pieces, how many of them had to wait
 * for an answer to others, and bytes of the answers.
 * @param megabytes of the backup
 * @returns lines of a Markdown table
 */
export async function measureOneFile(megabytes: number): Promise<string> {
  const workspace = await openWorkspace('bench-one-file');
  try {
    const tree = workspace.path('tree');
    await makeFolders(tree, megabytes);
    const offer = `${Math.ceil(megabytes / 1_000) + 1}GiB`;
    const { owner, url } = await startCooperative(workspace, HOLDERS, offer);
    await roost(owner.home, 'backup', tree);
    const { page } = await openProfile(workspace, 'profile');
    await page.addInitScript(noteFrames);
    await recoverInPage(page, url, owner.words);
    await page.waitForTimeout(SETTLE_MS);
    const fetched: Fetched[] = [];
    for (let folder = 0; folder < FOLDERS; folder++)
      fetched.push(await fetchOne(page, String(folder), Math.max(LEAST_MS, megabytes * MS_PER_MB)));
    const row = (of: keyof Fetched, show: (value: number) => string): string => {
      const values = fetched.map((one) => one[of]);
      return `${show(median(values))} | ${show(Math.max(...values))}`;
    };
    return [
      '| one file of 10 KB out of | requests | at most | round trips | at most | KB received | at most | files |',
      '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
      `| ${(megabytes / 1_000).toFixed(2)} GB, Chromium | ${row('requests', String)} | ${row('rounds', String)} | ` +
        `${row('bytes', (bytes) => (bytes / KB).toFixed(0))} | ${FOLDERS} |`,
    ].join('\n');
  } finally {
    await workspace.close();
  }
}

/** Noise, which nothing makes smaller: small files and a large one in each folder. */
async function makeFolders(tree: string, megabytes: number): Promise<void> {
  const small = Buffer.alloc(SMALL_BYTES);
  const large = Buffer.alloc((megabytes * MB) / FOLDERS - SMALL_FILES * SMALL_BYTES);
  for (let folder = 0; folder < FOLDERS; folder++) {
    const place = join(tree, String(folder));
    await mkdir(place, { recursive: true });
    for (let file = 0; file < SMALL_FILES; file++)
      await writeFile(join(place, `${String(file).padStart(3, '0')}.bin`), randomFillSync(small));
    await writeFile(join(place, 'large.bin'), randomFillSync(large));
  }
}

/** Restores one file of a folder, whose list is on screen before. */
async function fetchOne(page: Page, folder: string, timeout: number): Promise<Fetched> {
  await handle(page, 'nav-files').click();
  await handle(page, 'snapshot-row').first().click();
  await page.getByRole('button', { name: `Show what is in ${folder}`, exact: true }).click();
  const row = page.locator(`[data-path="tree/${folder}/${WANTED}"]`);
  await row.waitFor({ timeout });
  await row.getByRole('checkbox').check();
  await page.evaluate(() => void (globalThis as unknown as Noting).benchFrames.splice(0));
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout }),
    handle(page, 'restore-zip').click({ timeout }),
  ]);
  await download.path();
  const frames = await page.evaluate(() => (globalThis as unknown as Noting).benchFrames);
  await row.getByRole('checkbox').uncheck();
  await page.getByRole('button', { name: `Hide what is in ${folder}`, exact: true }).click();
  return countGets(frames);
}

interface Noting {
  benchFrames: FrameNote[];
}

/** Runs in the page before its scripts: notes all that crosses its data channels from here on. */
function noteFrames(): void {
  const frames: FrameNote[] = [];
  const channels = new Map<RTCDataChannel, number>();
  Object.assign(globalThis, { benchFrames: frames });
  const note = (channel: number, sent: boolean, data: unknown): void => {
    const bytes =
      data instanceof ArrayBuffer
        ? new Uint8Array(data)
        : ArrayBuffer.isView(data)
          ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
          : new Uint8Array(0);
    if (bytes.length < 2) return;
    const length = bytes[0]! * 256 + bytes[1]!;
    frames.push({ channel, sent, bytes: bytes.length, header: [...bytes.subarray(2, 2 + length)] });
  };
  // Both ends of a session send first thing, so no channel is missed.
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: unknown) => void;
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    let channel = channels.get(this);
    if (channel === undefined) {
      const added = channels.size;
      channel = added;
      channels.set(this, added);
      this.addEventListener('message', (event: MessageEvent<unknown>) => note(added, false, event.data));
    }
    note(channel, true, data);
    send.call(this, data);
  };
}

/** PROTOCOL.md "Frames". A request counts as a further round trip when any before it was answered. */
function countGets(frames: readonly FrameNote[]): Fetched {
  const asked = new Set<string>();
  let rounds = 0;
  let bytes = 0;
  let answered = true;
  for (const frame of frames) {
    const header = decodeOwnCbor(Uint8Array.from(frame.header), FRAME_HEADER_MAX_BYTES) as ReadonlyMap<
      string,
      unknown
    >;
    const key = `${frame.channel}/${String(header.get('id'))}`;
    if (frame.sent && header.get('t') === 'request' && header.get('ask') === 'get') {
      asked.add(key);
      if (answered) rounds++;
      answered = false;
    } else if (!frame.sent && asked.has(key)) {
      bytes += frame.bytes;
      answered = true;
    }
  }
  if (asked.size === 0) throw new Error('the page asked nobody for pieces');
  return { requests: asked.size, rounds, bytes };
}
