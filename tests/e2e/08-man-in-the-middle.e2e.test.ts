import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initAccount, startHolder } from './support/cooperative.ts';
import type { Holder, Owner } from './support/cooperative.ts';
import { startMitmBroker } from './support/mitm-broker.ts';
import type { MitmBroker } from './support/mitm-broker.ts';
import { roost, startService, tryRoost } from './support/roost.ts';
import { makeSmallTree } from './support/tree.ts';
import { openWorkspace } from './support/workspace.ts';

const MIB = 1024 * 1024;
/** Greetings of a few sessions; far below one piece. */
const HANDSHAKES_BYTES = 64 * 1024;

describe('a broker that swaps DTLS fingerprints', () => {
  let workspace: Awaited<ReturnType<typeof openWorkspace>>;
  let mitm: MitmBroker;
  let owner: Owner;
  let tree: string;
  const holders: Holder[] = [];

  beforeAll(async () => {
    workspace = await openWorkspace('mitm');
    tree = workspace.path('tree');
    await makeSmallTree(tree, 8, 2 * MIB);
    mitm = await startMitmBroker(workspace);
    const broker = await startService(
      workspace,
      workspace.path('broker-home'),
      'broker',
      '--port',
      '0',
      '--data',
      workspace.path('broker'),
      // Devices know it by the attacker's address alone, and sign that.
      '--origin',
      mitm.url,
    );
    mitm.upstream = `http://127.0.0.1:${String(broker.ready['port'])}`;
    owner = await initAccount(workspace, 'owner', mitm.url);
    const { invite } = await roost(owner.home, 'found', 'Watched', '--name', 'Owner');
    for (const name of ['one', 'two'])
      holders.push(await startHolder(workspace, name, mitm.url, invite, '1GiB'));
  });
  afterAll(() => workspace.close());

  it('gets no session: nothing but greetings passes, and the backup says that it has no partners', async () => {
    mitm.intercepting = true;
    const { code, last } = await tryRoost(owner.home, 'backup', tree);
    // The attack itself worked: both ends had an open channel, to the attacker.
    expect(mitm.opened).toBeGreaterThanOrEqual(1);
    expect(mitm.relayedBytes).toBeGreaterThan(0);
    expect({ code, fault: last['fault'] }).toEqual({ code: 4, fault: 'too-few' });
    expect(mitm.relayedBytes).toBeLessThan(HANDSHAKES_BYTES);
    for (const { home } of holders) {
      const { space } = await roost(home, 'status');
      expect(space.used).toBe(0);
    }
  });

  it('is no longer in the way once it passes signaling on untouched', async () => {
    mitm.intercepting = false;
    expect(await roost(owner.home, 'backup', tree)).toMatchObject({ event: 'done', health: 'protected' });
  });
});
