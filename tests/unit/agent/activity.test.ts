import { describe, expect, it } from 'vitest';
import { Activity } from '../../../src/agent/activity.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { makeWorld, noise } from './support.ts';

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

  it('keeps the newest lines over many runs, each written once, and drops what is damaged', async () => {
    const { disk, platform } = makeWorld('long log').device('ada');
    const open = async (): Promise<Activity> => {
      const activity = new Activity(platform.meta, platform.clock);
      await activity.load();
      return activity;
    };
    for (let run = 0; run < 3; run++) {
      const activity = await open();
      for (let line = 0; line < 250; line++) activity.add('saved', { run, line });
      await activity.settled();
    }
    const { entries } = await open();
    expect(entries).toHaveLength(500);
    expect(entries[0]!.details).toEqual({ run: 2, line: 249 });
    expect(entries.at(-1)!.details).toEqual({ run: 1, line: 0 });
    const table = disk.tables.get(OWNER_TABLES.activity)!;
    const rows = table.scan({ limit: 1000 });
    expect(rows).toHaveLength(500);
    table.put(rows[0]!.key, noise(20, 1));
    const again = await open();
    expect(again.entries).toEqual(entries.slice(0, -1));
    again.add('saved', { run: 3, line: 0 });
    await again.settled();
    expect(table.scan({ limit: 1000 }).map(({ key }) => key)).not.toContain(rows[0]!.key);
  });

  it('says the same again after a day only, and what has changed at once', async () => {
    const world = makeWorld('repeated');
    const { platform } = world.device('ada');
    const activity = new Activity(platform.meta, platform.clock);
    const lines = (): unknown[] => activity.entries.map(({ details }) => details.pieces);
    const wait = (pieces: number): void => activity.addIfNew('repair-waits', { pieces }, 'warning');
    wait(3);
    activity.add('saved', {});
    await world.clock.sleep(3_600_000);
    wait(3);
    expect(lines()).toEqual([undefined, 3]);
    wait(2);
    expect(lines()).toEqual([2, undefined, 3]);
    await world.clock.sleep(24 * 3_600_000);
    wait(2);
    expect(lines()).toEqual([2, 2, undefined, 3]);
    world.close();
  });
});
