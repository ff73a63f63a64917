import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initAccount } from './support/cooperative.ts';
import { roost } from './support/roost.ts';
import { digestTree, makeSmallTree, treeDifferences } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

const START = join(import.meta.dirname, '../../src/cli/start.ts');
const MIB = 1024 * 1024;
const PARTNERS = 5;

interface Starter {
  readonly url: string;
  readonly invite: string;
  stop(): Promise<number | null>;
}

describe('npm start', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let tree: string;
  beforeAll(async () => {
    workspace = await openWorkspace('starter');
    tree = workspace.path('tree');
    await makeSmallTree(tree, 31, 3 * MIB);
    await mkdir(workspace.path('checkout'));
  });
  afterAll(() => workspace.close());

  /** Starts it as in a fresh checkout: its data goes below the working directory. */
  async function start(): Promise<Starter> {
    const child = spawn(process.execPath, [START], {
      cwd: workspace.path('checkout'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const stop = async (): Promise<number | null> => {
      if (child.exitCode === null) child.kill('SIGTERM');
      const [code] = await ended;
      return code;
    };
    workspace.onClose(stop);
    let url: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      url ??= /Open it\s+(\S+)/.exec(line)?.[1];
      const invite = /Invite link\s+(\S+)/.exec(line)?.[1];
      if (url !== undefined && invite !== undefined) return { url, invite, stop };
    }
    throw new Error(`it ended with ${String(await stop())} before it printed its address`);
  }

  it('starts five partners whose invite lets somebody in who is then protected, and ends cleanly', async () => {
    const starter = await start();
    const page = await fetch(starter.url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');

    const guest = await initAccount(workspace, 'guest', starter.url);
    await roost(guest.home, 'join', starter.invite, '--name', 'Guest');
    expect(await roost(guest.home, 'backup', tree)).toMatchObject({ health: 'protected', unreadable: [] });
    const { partners } = await roost(guest.home, 'status');
    expect(partners.filter(({ held }: { held: number }) => held > 0)).toHaveLength(PARTNERS);
    expect(await starter.stop()).toBe(0);
  });

  it('goes on with the same cooperative, link and pieces when it is started again', async () => {
    const starter = await start();
    const home = workspace.path('guest');
    const target = workspace.path('restored');
    // The port may be another one, so the home is told where the broker is now.
    const words = ['--words-file', workspace.path('guest.words'), '--broker', starter.url];
    expect(await roost(home, 'restore', 'latest', '--to', target, ...words)).toMatchObject({ failed: [] });
    expect(treeDifferences(await digestTree(tree), await digestTree(join(target, 'tree')))).toEqual([]);

    const second = await initAccount(workspace, 'second', starter.url);
    await roost(second.home, 'join', starter.invite);
    await starter.stop();
  });
});
