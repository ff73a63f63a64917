import { startCooperative } from '../e2e/support/cooperative.ts';
import { roost } from '../e2e/support/roost.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import type { Comparison } from './measure.ts';
import { BackupRuns } from './runs.ts';

const HOLDERS = 6;

/**
 * Backups and a restore of a real tree, Roost to six holders and restic in turn. Every run begins with an empty repository, so each needs a
 * cooperative of its own.
 */
export async function compareWithRestic(runs: number): Promise<Comparison[]> {
  const measured = new BackupRuns();
  for (let run = 0; run < runs; run++) {
    const workspace = await openWorkspace('bench');
    try {
      const { owner } = await startCooperative(workspace, HOLDERS);
      await measured.measure(workspace, {
        backup: (tree) => roost(owner.home, 'backup', tree),
        restore: (target) => roost(owner.home, 'restore', 'latest', '--to', target),
      });
    } finally {
      await workspace.close();
    }
  }
  return measured.comparisons();
}
