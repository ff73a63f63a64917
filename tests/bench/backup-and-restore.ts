import { rm } from 'node:fs/promises';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { roost } from '../e2e/support/roost.ts';
import { digestTree, makeRealTree } from '../e2e/support/tree.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { seconds } from './measure.ts';
import type { Comparison } from './measure.ts';
import { openRestic } from './restic.ts';

const HOLDERS = 6;
const MB = 1e6;

/**
 * A first backup and a full restore of a real tree, Roost and restic in turn. Every run begins with an empty
 * repository, so each needs a cooperative of its own.
 */
export async function compareWithRestic(runs: number): Promise<Comparison[]> {
  const ours = { backup: [] as number[], restore: [] as number[] };
  const theirs = { backup: [] as number[], restore: [] as number[] };
  let reference = 'restic';
  for (let run = 0; run < runs; run++) {
    const workspace = await openWorkspace('bench');
    try {
      const tree = workspace.path('tree');
      await makeRealTree(tree);
      const bytes = [...(await digestTree(tree)).values()].reduce((sum, { size }) => sum + size, 0);
      const speed = (took: number): number => bytes / MB / took;

      const cooperative = await startCooperative(workspace, HOLDERS);
      const owner = cooperative.owner.home;
      const target = workspace.path('restored');
      ours.backup.push(speed(await seconds(() => roost(owner, 'backup', tree))));
      ours.restore.push(speed(await seconds(() => roost(owner, 'restore', 'latest', '--to', target))));
      await rm(target, { recursive: true });

      const restic = await openRestic(workspace.path('restic'));
      if (restic === undefined) throw new Error('restic is not installed: apt-get install restic');
      reference = `${restic.version}, local directory`;
      theirs.backup.push(speed(await seconds(() => restic.backup(tree))));
      theirs.restore.push(speed(await seconds(() => restic.restore(target))));
    } finally {
      await workspace.close();
    }
  }
  return [
    { what: `first backup to ${HOLDERS} holders`, reference, ours: ours.backup, theirs: theirs.backup },
    { what: `full restore from ${HOLDERS} holders`, reference, ours: ours.restore, theirs: theirs.restore },
  ];
}
