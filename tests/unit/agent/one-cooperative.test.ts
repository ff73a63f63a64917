import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
import { contentOf, expectWhole, makeTeam, makeWorld, smallTree } from './support.ts';

describe('a device that is in a cooperative', () => {
  it('founds no other and joins no other, and keeps its backup; its own invite it may use again', async () => {
    const world = makeWorld('one');
    const team = await makeTeam(world, 3);
    const { agent } = team.owner;
    await agent.backup([smallTree()]);
    const stranger = await createAgent(world.device('stranger').platform);
    await stranger.createAccount();
    const elsewhere = await stranger.found('Elsewhere', 'Eve');
    await expectFault(agent.found('Again', 'Ada'), 'usage');
    await expectFault(agent.join(elsewhere.invite, 'Ada'), 'usage');
    await agent.join(team.invite, 'Ada');
    expect(agent.state.cooperative?.name).toBe('Family');
    await agent.start();
    await world.clock.sleep(10_000);
    await expectWhole(agent, await contentOf(smallTree()));
    world.close();
  });
});
