import { rm } from 'node:fs/promises';
import { addFolder, joinInPage, restoreZip, waitForHealth } from '../e2e/support/app.ts';
import { openProfile } from '../e2e/support/browser.ts';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { digestTree, makeRealTree } from '../e2e/support/tree.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { seconds } from './measure.ts';
import type { Comparison } from './measure.ts';
import { openRestic } from './restic.ts';

const HOLDERS = 6;
const MB = 1e6;

/** The same tree through the page of a real Chromium, six holders under Node.js, restic in turn. */
export async function compareInChromium(runs: number): Promise<Comparison[]> {
  const ours = { backup: [] as number[], restore: [] as number[] };
  const theirs = { backup: [] as number[], restore: [] as number[] };
  let reference = 'restic';
  for (let run = 0; run < runs; run++) {
    const workspace = await openWorkspace('bench-chromium');
    try {
      const tree = workspace.path('tree');
      await makeRealTree(tree);
      const bytes = [...(await digestTree(tree)).values()].reduce((sum, { size }) => sum + size, 0);
      const speed = (took: number): number => bytes / MB / took;

      const cooperative = await startCooperative(workspace, HOLDERS);
      const profile = await openProfile(workspace, 'profile');
      await joinInPage(profile, cooperative.invite, 'Bench');
      ours.backup.push(
        speed(
          await seconds(async () => {
            await addFolder(profile.page, tree);
            await waitForHealth(profile.page, 'protected');
          }),
        ),
      );
      const zip = workspace.path('restored.zip');
      ours.restore.push(speed(await seconds(() => restoreZip(profile.page, zip))));
      await rm(zip);

      const restic = await openRestic(workspace.path('restic'));
      if (restic === undefined) throw new Error('restic is not installed: apt-get install restic');
      reference = `${restic.version}, local directory`;
      theirs.backup.push(speed(await seconds(() => restic.backup(tree))));
      theirs.restore.push(speed(await seconds(() => restic.restore(workspace.path('target')))));
    } finally {
      await workspace.close();
    }
  }
  return [
    {
      what: `Chromium: first backup to ${HOLDERS} holders`,
      reference,
      ours: ours.backup,
      theirs: theirs.backup,
    },
    { what: `Chromium: full restore as ZIP`, reference, ours: ours.restore, theirs: theirs.restore },
  ];
}
