import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCooperative } from './support/cooperative.ts';
import type { TestCooperative } from './support/cooperative.ts';
import { roost, tryRoost } from './support/roost.ts';
import {
  changeShare,
  digestTree,
  makeRealTree,
  REAL_TREE_BYTES,
  REAL_TREE_FILES,
  treeDifferences,
} from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

const MIB = 1024 * 1024;

describe('six holders under Node.js', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let cooperative: TestCooperative;
  let tree: string;
  let canLose: number;

  beforeAll(async () => {
    workspace = await openWorkspace('node');
    tree = workspace.path('tree');
    await makeRealTree(tree);
    cooperative = await startCooperative(workspace, 6);
  });
  afterAll(() => workspace.close());

  it('saves a real tree and says that it is protected', async () => {
    const report = await roost(cooperative.owner.home, 'backup', tree);
    expect(report).toMatchObject({ event: 'done', unreadable: [], health: 'protected' });
    expect(report['files']).toBeGreaterThanOrEqual(REAL_TREE_FILES);
    expect(report['bytes']).toBeGreaterThanOrEqual(REAL_TREE_BYTES);
    expect(report['sentBytes']).toBeGreaterThan(report['storedBytes']);

    const status = await roost(cooperative.owner.home, 'status');
    expect(status['partners']).toHaveLength(6);
    canLose = status['canLose'];
    expect(canLose).toBeGreaterThanOrEqual(1);
  });

  it('sends less than 1 MB and reads no content when nothing changed', async () => {
    const report = await roost(cooperative.owner.home, 'backup', tree);
    expect(report['readBytes']).toBe(0);
    expect(report['sentBytes']).toBeLessThan(1_000_000);
    expect(report).toMatchObject({ health: 'protected' });
  });

  it('sends only what is new when one hundredth changed', async () => {
    const changed = await changeShare(tree, 0.01, 42);
    const report = await roost(cooperative.owner.home, 'backup', tree);
    expect(report['readBytes']).toBeLessThan(changed * 2);
    // Redundancy doubles at most; a changed file costs its whole chunks, and the folders above it are written anew.
    expect(report['sentBytes']).toBeLessThan(changed * 3 + 2 * MIB);
    expect(report['sentBytes']).toBeGreaterThanOrEqual(changed);
  });

  it('fetches large files once, however many of them are restored together', async () => {
    const large = workspace.path('large');
    await mkdir(large);
    for (let i = 0; i < 6; i++) await writeFile(join(large, `${i}.bin`), randomBytes(20 * MIB));
    const { bytes } = await roost(cooperative.owner.home, 'backup', large);
    const target = workspace.path('large-again');
    const { code, lines } = await tryRoost(
      cooperative.owner.home,
      'restore',
      'latest',
      '--path',
      'large',
      '--to',
      target,
    );
    expect(code).toBe(0);
    const received = Math.max(...lines.map(({ transferred = 0 }) => transferred as number));
    // Twice what it needs would be a pack fetched again; some is: of holders that are slow on a busy machine.
    expect(received).toBeLessThan(1.7 * bytes);
    expect(treeDifferences(await digestTree(large), await digestTree(join(target, 'large')))).toEqual([]);
  });

  it('restores byte for byte on a fresh machine after k holders are gone', async () => {
    const gone = cooperative.holders.slice(0, canLose);
    await Promise.all(gone.map(({ service }) => service.kill()));
    const target = workspace.path('restored');
    const report = await roost(
      workspace.path('fresh'),
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
    const differences = treeDifferences(await digestTree(tree), await digestTree(join(target, 'tree')));
    expect(differences).toEqual([]);
  });

  it('names every file that cannot be had, and ends with 4, after k + 1 holders are gone', async () => {
    await cooperative.holders[canLose]?.service.kill();
    const target = workspace.path('partly');
    const { code, last } = await tryRoost(cooperative.owner.home, 'restore', 'latest', '--to', target);
    expect(code).toBe(4);
    expect(last['event']).toBe('done');
    const failed = last['failed'] as { path: string; fault: string }[];
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed.map(({ fault }) => fault))).toEqual(new Set(['too-few']));

    // Named or there with the right bytes: nothing in between.
    const names = new Set(failed.map(({ path }) => path));
    const restored = await digestTree(join(target, 'tree')).catch(() => new Map());
    const wanted = [...(await digestTree(tree))].filter(
      ([path, { kind }]) => kind === 'file' && !names.has(`tree/${path}`),
    );
    expect(
      treeDifferences(new Map(wanted), new Map([...restored].filter(([, { kind }]) => kind === 'file'))),
    ).toEqual([]);
  });

  it('needs nobody for what lies in the target already, byte for byte', async () => {
    const target = workspace.path('restored');
    const before = await digestTree(target);
    const report = await roost(cooperative.owner.home, 'restore', 'latest', '--to', target);
    expect(report).toMatchObject({ event: 'done', failed: [] });
    const full = [...before.values()].filter(({ kind, size }) => kind === 'file' && size > 0).length;
    expect(report['kept']).toBe(full);
    expect(treeDifferences(before, await digestTree(target))).toEqual([]);
  });
});
