import { describe, expect, it } from 'vitest';
import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import type { PartnerView } from '../../../src/agent/api.ts';
import type { AgentContext } from '../../../src/agent/context.ts';
import type { BookEntry } from '../../../src/agent/network/agreement-book.ts';
import type { OpenCooperation } from '../../../src/agent/network/cooperation.ts';
import { Terms } from '../../../src/agent/partners/terms.ts';
import { TABLES } from '../../../src/agent/store/tables.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { MIB } from '../../../src/core/limits.ts';
import { makeTeam, makeWorld, revive, rowsOf, smallTree, told } from './support.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('agreements', () => {
  it('are made anew before they end, and the user is told', async () => {
    const team = await makeTeam(makeWorld('renewed'), 3);
    const { owner, world } = team;
    await owner.agent.backup([smallTree()]);
    await world.clock.sleep(2 * HOUR);
    const idsOf = ({ partners }: { readonly partners: readonly PartnerView[] }) =>
      partners.map(({ agreement }) => agreement).sort();
    const before = idsOf(owner.agent.state);
    for (const device of world.devices.values()) device.jumpClock(340 * DAY);
    await world.clock.sleep(3 * HOUR);
    expect(told(team, 'agreement-renewed')).toBe(3);
    const after = idsOf(owner.agent.state);
    expect(after).toHaveLength(3);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    for (const { terms, state, held } of owner.agent.state.partners) {
      expect(terms!.expiresAt).toBeGreaterThan(world.clock.now() + (340 + 300) * DAY);
      expect(state).toBe('active');
      expect(held).toBeGreaterThan(0);
    }
    world.close();
  });

  it('are told as made, renewed or resized, by what changed', async () => {
    const events: string[] = [];
    const entry = (id: string, gives: number): BookEntry =>
      ({
        agreement: { id },
        theirs: { device: 'a', gives },
        ours: { device: 'b', gives: MIB },
        endedAt: 0,
      }) as unknown as BookEntry;
    let ruling: BookEntry[] = [];
    const cooperation = {
      connected: () => [],
      agreements: { ruling: () => ruling },
      records: { update: () => true },
    } as unknown as OpenCooperation;
    const terms = new Terms({
      context: {} as AgentContext,
      cooperation,
      nameOf: () => 'Ada',
      tell: (event) => void events.push(event),
    });
    for (const next of [[], [entry('1', MIB)], [entry('1', MIB)], [entry('2', MIB)], [entry('3', 2 * MIB)]]) {
      ruling = next;
      await terms.look();
    }
    expect(events).toEqual(['agreement-made', 'agreement-renewed', 'agreement-resized']);
  });
});

describe('partners', () => {
  it('keep the list of partners within a day, so that it survives the device', async () => {
    const { owner, world, holders } = await makeTeam(makeWorld('lists'), 3);
    await owner.agent.backup([smallTree()]);
    const kept = (device: MemoryDevice): number => rowsOf(device, TABLES.partnerLists).length;
    await world.clock.sleep(25 * HOUR);
    expect(holders.map(({ device }) => kept(device))).toEqual([1, 1, 1]);
    world.close();
  });

  it('who were away while a run ended have its head soon after they are back', async () => {
    const team = await makeTeam(makeWorld('heads'), 5);
    const { owner, world, holders } = team;
    const source = smallTree();
    await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    const headOf = (device: MemoryDevice): Bytes | undefined => rowsOf(device, TABLES.heldHeads)[0];
    const away = holders[0]!;
    const old = headOf(away.device)!;
    away.device.crash();
    source.set('later.txt', 'saved while one was away');
    await owner.agent.backup([source], { code: 'reed-solomon:2+2' });
    const newest = headOf(holders[1]!.device)!;
    expect(equalBytes(newest, old)).toBe(false);
    await revive(away);
    await world.clock.sleep(60_000);
    expect(equalBytes(headOf(away.device)!, newest)).toBe(true);
    world.close();
  });
});
