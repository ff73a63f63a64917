import { dropFolder, joinInPage, restoreZip, waitForHealth, waitForSnapshots } from '../e2e/support/app.ts';
import { openProfile } from '../e2e/support/browser.ts';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import type { Comparison } from './measure.ts';
import { BackupRuns } from './runs.ts';

const HOLDERS = 6;

/** The same through the page of a real Chromium, six holders under Node.js, restic in turn. The restore is a ZIP. */
export async function compareInChromium(runs: number): Promise<Comparison[]> {
  const measured = new BackupRuns();
  for (let run = 0; run < runs; run++) {
    const workspace = await openWorkspace('bench-chromium');
    try {
      const cooperative = await startCooperative(workspace, HOLDERS);
      const profile = await openProfile(workspace, 'profile');
      await joinInPage(profile, cooperative.invite, 'Bench');
      await measured.measure(workspace, {
        async backup(tree, count) {
          await dropFolder(profile.page, tree);
          await waitForSnapshots(profile.page, count);
          await waitForHealth(profile.page, 'protected');
        },
        restore: (target) => restoreZip(profile.page, `${target}.zip`),
      });
    } finally {
      await workspace.close();
    }
  }
  return measured.comparisons();
}
