import { describe, expect, it } from 'vitest';
import {
  commitRun,
  headNamesHolders,
  publishHead,
  renewHead,
} from '../../../src/agent/backup/head-writer.ts';
import { reconcileLedgers } from '../../../src/agent/ledgers/reconcile.ts';

import { parseCode } from '../../../src/core/erasure/codes.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { parseAgreementId, parseCooperativeId } from '../../../src/core/ids.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import { Holder, Rig } from './rig.ts';
import type { Owner } from './rig.ts';

/** Holders take heads from here on, but for those in `deaf`. @returns how often each took one */
function takeHeads(owner: Owner, deaf: ReadonlySet<DeviceId> = new Set()): Map<DeviceId, number> {
  const taken = new Map<DeviceId, number>();
  const { cooperation } = owner;
  const session = cooperation.session.bind(cooperation);
  const newest = new Map<DeviceId, number>();
  cooperation.session = async (device) => {
    const remote = await session(device);
    const putHead = (): Promise<void> => {
      if (deaf.has(device)) return Promise.reject(new RoostError('refused', 'no head'));
      taken.set(device, (taken.get(device) ?? 0) + 1);
      return Promise.resolve();
    };
    return { ...remote, putHead };
  };
  Object.assign(cooperation, {
    roster: {
      cooperative: parseCooperativeId('c'.repeat(64)),
      length: 1,
      head: new Uint8Array(32),
      members: new Map(),
    },
    leaveHead: () => Promise.resolve(),
    notes: {
      ...cooperation.notes,
      headTaken: (device: DeviceId, seq: number) => newest.set(device, seq),
      headOf: (device: DeviceId) => newest.get(device) ?? 0,
    },
  });
  return taken;
}

function commit(owner: Owner, code: string): Promise<void> {
  const placer = owner.placer(owner.cooperation.partners().filter(({ online }) => online));
  return commitRun(owner.context, {
    snapshots: [],
    removedPacks: [],
    forgotten: [],
    code: parseCode(code),
    place: (pack) => placer.place(pack),
  });
}

describe('a head', () => {
  it('needs as many takers as its journal bears losses, and one more: one that refuses fails no run', async () => {
    const rig = new Rig('one deaf', 12);
    rig.only(rig.holders.slice(3));
    for (const [name, code] of [
      ['alone', 'parity:2+1'],
      ['waiting', 'reed-solomon:2+4'],
    ] as const) {
      const owner = await rig.owner(name);
      takeHeads(owner, new Set([rig.holders[0]!.device]));
      await commit(owner, code);
      await publishHead(owner.context);
      expect((await owner.context.repository.ownHead()).acknowledged).toBe(true);
    }
    const owner = await rig.owner('two deaf');
    takeHeads(owner, new Set(rig.holders.slice(0, 2).map(({ device }) => device)));
    await commit(owner, 'parity:2+1');
    await expect(publishHead(owner.context)).rejects.toMatchObject({ fault: 'too-few' });
    rig.close();
  });

  it('is not sent again to who has it, who counts as often as it is brought round', async () => {
    const rig = new Rig('a few each night', 9);
    const owner = await rig.owner('owner');
    const taken = takeHeads(owner);
    await commit(owner, 'reed-solomon:3+6');
    for (const night of [0, 3]) {
      rig.only(rig.holders.filter((_, i) => i < night || i >= night + 3));
      await expect(publishHead(owner.context)).rejects.toMatchObject({ fault: 'too-few' });
    }
    rig.only(rig.holders.slice(0, 6));
    await publishHead(owner.context);
    expect([...taken.values()]).toEqual(Array.from({ length: 9 }, () => 1));
    rig.close();
  });

  it('that leads to a journal which is gone is acknowledged by nobody', async () => {
    const rig = new Rig('journal gone', 6);
    const owner = await rig.owner('owner');
    takeHeads(owner);
    await commit(owner, 'reed-solomon:2+4');
    for (const holder of rig.holders) holder.evict(false);
    await reconcileLedgers(owner.context);
    await expect(publishHead(owner.context)).rejects.toMatchObject({ fault: 'too-few' });
    rig.close();
  });

  it('names every partner that holds a piece, also one that came after it and took its piece in a repair that was cut off', async () => {
    const rig = new Rig('names', 4);
    const owner = await rig.owner('owner');
    takeHeads(owner);
    await commit(owner, 'reed-solomon:2+2');
    await publishHead(owner.context);
    expect(await headNamesHolders(owner.context)).toBe(true);
    const late = new Holder(50);
    const id = parseAgreementId('f'.repeat(32));
    late.agreements.set(owner.context.device, id);
    late.ledgers.set(id, new Map());
    rig.holders.push(late);
    // Who keeps nothing need not be named.
    expect(await headNamesHolders(owner.context)).toBe(true);
    rig.holders[0]!.state = 'evicted';
    expect((await owner.repair()).remade).toBe(1);
    expect(await headNamesHolders(owner.context)).toBe(false);
    await renewHead(owner.context);
    expect(await headNamesHolders(owner.context)).toBe(true);
    rig.close();
  });
});
