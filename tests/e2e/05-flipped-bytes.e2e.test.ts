import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCooperative } from './support/cooperative.ts';
import type { Holder, TestCooperative } from './support/cooperative.ts';
import { flipStoredValues, flipVolumeBytes, storedPlacements } from './support/damage.ts';
import { roost, startService } from './support/roost.ts';
import type { Line } from './support/roost.ts';
import { digestTree, makeOddNames, makeSmallTree, treeDifferences } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

const MIB = 1024 * 1024;

describe('bytes that somebody flipped at rest', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let cooperative: TestCooperative;
  let tree: string;
  let restores = 0;

  beforeAll(async () => {
    workspace = await openWorkspace('flipped');
    tree = workspace.path('tree');
    await makeSmallTree(tree, 21, 20 * MIB);
    await makeOddNames(tree);
    cooperative = await startCooperative(workspace, 6);
    await roost(cooperative.owner.home, 'backup', tree);
  });
  afterAll(() => workspace.close());

  /** Stops a holder, does something to its home, and starts it again: it must come up. */
  async function whileStopped(holder: Holder, damage: (home: string) => Promise<number>): Promise<void> {
    await holder.service.stop();
    expect(await damage(holder.home)).toBeGreaterThan(0);
    holder.service = await startService(workspace, holder.home, 'serve');
  }

  async function restoreFresh(): Promise<Line> {
    const target = workspace.path(`restored-${++restores}`);
    const report = await roost(
      workspace.path(`fresh-${restores}`),
      'restore',
      'latest',
      '--to',
      target,
      '--words-file',
      cooperative.owner.wordsFile,
      '--broker',
      cooperative.url,
    );
    expect(report).toMatchObject({ event: 'done', failed: [] });
    expect(treeDifferences(await digestTree(tree), await digestTree(join(target, 'tree')))).toEqual([]);
    return report;
  }

  it("in a holder's volumes (content, index and all): noticed, fetched elsewhere, the holder named", async () => {
    // Who restores reads data first: the holder of a pack's first piece is asked, whatever the code is.
    const first = (await storedPlacements(cooperative.owner.home)).find(({ shard }) => shard === 0);
    const holder = cooperative.holders.find(({ device }) => device === first?.holder)!;
    await whileStopped(holder, flipVolumeBytes);
    const { corrected } = await restoreFresh();
    const named = (corrected as { device: string; segments: number }[]).map(({ device }) => device);
    // The holder finds the damage itself when it is asked, and says so; else the restore does.
    const told = holder.service.lines.some((line) => JSON.stringify(line).includes('lost'));
    expect(named.includes(holder.device) || told).toBe(true);
    expect(named.filter((device) => device !== holder.device)).toEqual([]);
  });

  it("in the rows of a holder's ledger: no wrong byte comes out", async () => {
    await whileStopped(cooperative.holders[1]!, (home) => flipStoredValues(home, 't_host-rows'));
    await restoreFresh();
  });

  it('in the heads that a holder keeps: the heads of others lead to everything', async () => {
    await whileStopped(cooperative.holders[2]!, (home) => flipStoredValues(home, 't_host-heads'));
    await restoreFresh();
  });

  it('is made whole by the next run of the owner', async () => {
    const report = await roost(cooperative.owner.home, 'backup', tree);
    expect(report).toMatchObject({ event: 'done', health: 'protected' });
  });
});
