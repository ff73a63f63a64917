import { describe, expect, it } from 'vitest';
import { createAgent } from '../../../src/agent/agent.ts';
import { makeWorld } from './support.ts';

describe('the log', () => {
  it('tells after a restart what it told before it', async () => {
    const device = makeWorld('log').device('ada');
    const agent = await createAgent(device.platform);
    await agent.createAccount();
    await agent.found('Family', 'Ada');
    await agent.stop();
    const again = await createAgent(device.platform);
    expect(again.state.activity.map(({ event, details }) => [event, details])).toEqual([
      ['founded', { name: 'Family' }],
    ]);
  });
});
