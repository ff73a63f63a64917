import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCooperative } from './support/cooperative.ts';
import type { TestCooperative } from './support/cooperative.ts';
import { finished, roost, spawnRoost, startService } from './support/roost.ts';
import { seededRandom } from './support/seeded.ts';
import { digestTree, makeSmallTree, treeDifferences } from './support/tree.ts';
import type { TreeDigest } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

/** in each of the two tests; `npm run test:kills` takes 50 */
const KILLS = Number(process.env['ROOST_KILLS'] ?? 10);
if (!(Number.isSafeInteger(KILLS) && KILLS > 0))
  throw new Error(`ROOST_KILLS must be a whole number above 0, got ${process.env['ROOST_KILLS'] ?? ''}`);
const MIB = 1024 * 1024;
/** of one test, on a slow machine */
const LONG_MS = 600_000;
const HOLDERS = 4;
/** of all that were acknowledged, spread evenly */
const RESTORED_SNAPSHOTS = 8;

describe('processes killed at any moment', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let cooperative: TestCooperative;
  let tree: string;
  /** every snapshot whose run said that it was done, with what it then had to hold */
  const acknowledged: { snapshot: string; digests: Map<string, TreeDigest> }[] = [];
  let fullRunMs: number;

  beforeAll(async () => {
    workspace = await openWorkspace('kills');
    cooperative = await startCooperative(workspace, HOLDERS);
    tree = workspace.path('tree');
    await makeSmallTree(join(tree, 'start'), 1, 3 * MIB);
    const started = performance.now();
    await completeRun();
    fullRunMs = performance.now() - started;
  });
  afterAll(() => workspace.close());

  /** A run that nobody disturbs: it has to work. */
  async function completeRun(): Promise<void> {
    const digests = await digestTree(tree);
    const report = await roost(cooperative.owner.home, 'backup', tree);
    expect(report).toMatchObject({ event: 'done', health: 'protected', unreadable: [] });
    acknowledged.push({ snapshot: report['snapshot'], digests });
  }

  /** What was acknowledged, by a fresh device: only holders and words count. */
  async function expectAllRestores(): Promise<void> {
    const home = workspace.path('restorer');
    const every = Math.ceil(acknowledged.length / RESTORED_SNAPSHOTS);
    // Counted from the newest, which is always among them.
    const chosen = acknowledged.toReversed().filter((_, at) => at % every === 0);
    for (const { snapshot, digests } of chosen) {
      const target = workspace.path('restored');
      const words = ['--words-file', cooperative.owner.wordsFile, '--broker', cooperative.url];
      const report = await roost(home, 'restore', snapshot, '--to', target, ...words);
      expect(report).toMatchObject({ event: 'done', failed: [], corrected: [] });
      expect(treeDifferences(digests, await digestTree(join(target, 'tree')))).toEqual([]);
      await rm(target, { recursive: true });
    }
  }

  /** What the owner believes to have where is what the holders have. */
  async function expectLedgersAgree(): Promise<void> {
    const { partners } = await roost(cooperative.owner.home, 'status');
    for (const { home, device } of cooperative.holders) {
      const held = partners.find((partner: { device: string }) => partner.device === device)?.held;
      const view = await roost(home, 'status');
      const mine = view['partners'].filter((partner: { holding: number }) => partner.holding > 0);
      const holding = mine.reduce((sum: number, partner: { holding: number }) => sum + partner.holding, 0);
      expect({ device, holding }).toEqual({ device, holding: held });
    }
  }

  it(
    `loses nothing when the owner is killed at ${KILLS} moments of a backup`,
    async () => {
      const random = seededRandom(2026);
      let killed = 0;
      for (let number = 1; killed < KILLS; number++) {
        // Something new each time, so that each run has something to send.
        await makeSmallTree(join(tree, `owner-${number % 8}`), 1000 + number, MIB);
        const child = spawnRoost(cooperative.owner.home, ['backup', tree]);
        const end = finished(child);
        const digests = await digestTree(tree);
        await sleep(150 + random() * fullRunMs);
        child.kill('SIGKILL');
        const { signal, code, last } = await end;
        if (signal === 'SIGKILL') {
          killed++;
        } else {
          expect(code, JSON.stringify(last)).toBe(0);
          acknowledged.push({ snapshot: last['snapshot'], digests });
        }
      }
      await completeRun();
      await expectAllRestores();
      await expectLedgersAgree();
    },
    LONG_MS,
  );

  it(
    `loses nothing when holders are killed at ${KILLS} moments of storing`,
    async () => {
      const random = seededRandom(2027);
      acknowledged.splice(0);
      // All but one at once: that a holder is dead shows after seconds only, so one kill at a time would take long.
      const atOnce = HOLDERS - 1;
      for (let killed = 0; killed < KILLS; killed += atOnce) {
        await makeSmallTree(join(tree, `holder-${killed % 8}`), 5000 + killed, MIB);
        const digests = await digestTree(tree);
        const end = finished(
          spawnRoost(cooperative.owner.home, ['backup', tree, '--code', `mirror:${HOLDERS}`]),
        );
        const spared = Math.floor(random() * HOLDERS);
        await Promise.all(
          cooperative.holders
            .filter((_, at) => at !== spared)
            .map(async (holder) => {
              await sleep(300 + random() * fullRunMs);
              await holder.service.kill();
              holder.service = await startService(workspace, holder.home, 'serve');
            }),
        );
        const { code, last } = await end;
        // Without its holders a run may fail; what it reports as done must be there, since all of them are back.
        if (code === 0) acknowledged.push({ snapshot: last['snapshot'], digests });
      }
      await completeRun();
      await expectAllRestores();
      await expectLedgersAgree();
    },
    LONG_MS,
  );
});
