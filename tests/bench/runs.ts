import type { Workspace } from '../e2e/support/workspace.ts';
import { changeShare } from '../e2e/support/tree.ts';
import { seconds } from './measure.ts';
import type { Comparison } from './measure.ts';
import { openRestic } from './restic.ts';
import { makeMixedTree } from './trees.ts';

const MB = 1e6;
/** As people have them: many small files, and most bytes in larger ones. */
const TREE = { files: 20_000, bytes: 400 * MB };
const CHANGED_SHARE = 0.01;

const KINDS = ['first backup', 'unchanged second run', '1 % changed', 'full restore'] as const;

/** Who saves and restores one folder again and again. */
export interface Saver {
  /** @param run 1, 2, 3 of this folder */
  backup(tree: string, run: number): Promise<unknown>;
  restore(target: string): Promise<unknown>;
}

/** Speeds of the same work, ours and restic's in turn, each kind with its own rows. */
export class BackupRuns {
  readonly #speeds = new Map<string, { ours: number[]; theirs: number[] }>(
    KINDS.map((kind) => [kind, { ours: [], theirs: [] }]),
  );
  #reference = 'restic';

  /** A first backup, one of the same files, one of 1 % other bytes, and a restore; begins with empty repositories. */
  async measure(workspace: Workspace, saver: Saver): Promise<void> {
    const tree = workspace.path('tree');
    const { bytes } = await makeMixedTree(tree, TREE);
    const restic = await openRestic(workspace.path('restic'));
    if (restic === undefined) throw new Error('restic is not installed: apt-get install restic');
    this.#reference = `${restic.version}, local directory`;
    const compare = async (
      kind: (typeof KINDS)[number],
      ours: () => Promise<unknown>,
      theirs: () => Promise<unknown>,
    ): Promise<void> => {
      this.#speeds.get(kind)?.ours.push(bytes / MB / (await seconds(ours)));
      this.#speeds.get(kind)?.theirs.push(bytes / MB / (await seconds(theirs)));
    };
    for (const [at, kind] of (['first backup', 'unchanged second run', '1 % changed'] as const).entries()) {
      if (kind === '1 % changed') await changeShare(tree, CHANGED_SHARE, at);
      await compare(
        kind,
        () => saver.backup(tree, at + 1),
        () => restic.backup(tree),
      );
    }
    await compare(
      'full restore',
      () => saver.restore(workspace.path('restored')),
      () => restic.restore(workspace.path('restored-by-restic')),
    );
  }

  comparisons(): Comparison[] {
    return [...this.#speeds].map(([what, speeds]) => ({ what, reference: this.#reference, ...speeds }));
  }
}
