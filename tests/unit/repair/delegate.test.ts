import { describe, expect, it } from 'vitest';
import { dutyPacks } from '../../../src/agent/delegate/duty-source.ts';
import { DutyStore } from '../../../src/agent/delegate/duty-store.ts';
import { endDuty, pushDuty } from '../../../src/agent/delegate/push-duty.ts';
import { shouldStandIn, standIn } from '../../../src/agent/delegate/stand-in.ts';
import { reconcileLedgers } from '../../../src/agent/ledgers/reconcile.ts';
import { drainReleases } from '../../../src/agent/ledgers/releases.ts';
import { takeHolders } from '../../../src/agent/ledgers/take-holders.ts';
import { ProgressMeter } from '../../../src/agent/progress-meter.ts';
import { Pace } from '../../../src/agent/repair/pace.ts';
import type { Repaired } from '../../../src/agent/repair/repair-packs.ts';
import { surveyPacks } from '../../../src/agent/repair/survey.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import { phraseFromEntropy, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import { verifyDuty } from '../../../src/core/partnership/duty.ts';
import type { Owner } from './rig.ts';
import { Rig, expectSafe, strayRows } from './rig.ts';

const HOUR_MS = 3_600_000;

/** The owner reaches its delegate from here on; every part goes to the store as the host would pass it on. */
function connect(owner: Owner, delegate: Owner, duties: DutyStore): void {
  const session = owner.cooperation.session.bind(owner.cooperation);
  const { account } = delegate.context.keys;
  const remote: Pick<Remote, 'putDuty' | 'peer'> = {
    peer: { account } as Remote['peer'],
    putDuty: async (part) => {
      await duties.take(await verifyDuty(delegate.context.platform.crypto, part), part);
    },
  };
  owner.cooperation.session = (device) =>
    device === delegate.context.device ? Promise.resolve(remote as Remote) : session(device);
}

async function pair(
  seed: string,
  holders: number,
): Promise<{ rig: Rig; owner: Owner; delegate: Owner; duties: DutyStore }> {
  const rig = new Rig(seed, holders);
  const owner = await rig.owner('owner');
  const delegate = await rig.owner('delegate');
  const duties = new DutyStore(delegate.context);
  connect(owner, delegate, duties);
  return { rig, owner, delegate, duties };
}

function repairFor(owner: Owner, delegate: Owner, duties: DutyStore): Promise<Repaired> {
  const { platform } = delegate.context;
  const partners = delegate.cooperation.partners().filter(({ online }) => online);
  return standIn(delegate.context, duties, owner.context.device, {
    partners,
    placer: delegate.placer(partners),
    reader: delegate.reader(),
    signal: undefined,
    meter: new ProgressMeter(platform.clock, 'checking', () => undefined),
    pace: new Pace(platform.clock, Infinity),
  });
}

/** What an owner does before it repairs. */
async function comeBack(owner: Owner): Promise<void> {
  await takeHolders(owner.context, new Set(), undefined);
  await drainReleases(owner.context);
  await reconcileLedgers(owner.context);
}

describe('a delegate', () => {
  it('repairs while the owner is away with the key of the shards alone, and any k may vanish when it is back', async () => {
    const { rig, owner, delegate, duties } = await pair('away', 8);
    const content = await owner.save('reed-solomon:3+2', 4);
    expect(await pushDuty(owner.context, delegate.context.device)).toBe(4);
    const { platform, keys } = delegate.context;
    const { vault } = rig.world.device('stranger').platform;
    const junk = await vault.saveAccount(secretsFromPhrase(phraseFromEntropy(new Uint8Array(16).fill(9))));
    await platform.codec.setKeys({ ...junk, account: keys.account, shard: keys.shard });
    for (const holder of rig.holders.slice(0, 2)) {
      holder.evict(true);
      holder.state = 'evicted';
    }
    const { missing } = await surveyPacks(owner.context);
    expect(missing).toBeGreaterThan(0);
    expect(await repairFor(owner, delegate, duties)).toMatchObject({ remade: missing, missing: 0, lost: [] });
    // The owner is back: it finds what was done, and has nothing to do.
    await comeBack(owner);
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0, urgent: false });
    expect(await owner.repair()).toMatchObject({ remade: 0, missing: 0 });
    await comeBack(owner);
    await comeBack(delegate);
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0 });
    expect(await strayRows(owner)).toBe(0);
    await expectSafe(owner, content, 5, 2);
    rig.close();
  });

  it('and its owner may repair at once: what lies twice is let go, and no shard with it', async () => {
    const { rig, owner, delegate, duties } = await pair('both', 9);
    const content = await owner.save('reed-solomon:3+2', 4);
    await pushDuty(owner.context, delegate.context.device);
    rig.holders[0]!.evict(true);
    rig.holders[0]!.state = 'evicted';
    await Promise.all([owner.repair(), repairFor(owner, delegate, duties)]);
    for (let round = 0; round < 2; round++) {
      await comeBack(owner);
      await owner.repair();
      await comeBack(owner);
      await comeBack(delegate);
      expect(await repairFor(owner, delegate, duties)).toMatchObject({ remade: 0, missing: 0 });
    }
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0, lazy: false });
    expect(await strayRows(owner)).toBe(0);
    await expectSafe(owner, content, 5, 2);
    rig.close();
  });

  it('lets go of what it placed for packs that the owner has freed, and of nothing when its duty ends', async () => {
    const { rig, owner, delegate, duties } = await pair('freed', 7);
    await owner.save('reed-solomon:2+2', 3, 20_000);
    await pushDuty(owner.context, delegate.context.device);
    for (const holder of rig.holders.slice(0, 2)) {
      holder.evict(true);
      holder.state = 'evicted';
    }
    expect((await repairFor(owner, delegate, duties)).remade).toBeGreaterThan(0);
    const own = (): number =>
      rig.holders.flatMap((holder) => [
        ...(holder.ledgers.get(holder.agreements.get(delegate.context.device)!)?.keys() ?? []),
      ]).length;
    const placed = own();
    const { repository } = owner.context;
    const [first] = (await owner.places()).keys();
    await repository.apply(repository.operations.dropPack(first!));
    await rig.world.clock.sleep(1_000);
    await endDuty(owner.context, delegate.context.device);
    expect(await duties.owners()).toEqual([]);
    await drainReleases(delegate.context);
    expect(own()).toBe(placed);
    // Given its duty again, and a newer one without the pack that is freed.
    await repository.apply([repository.operations.pack({ ...(await anyPack(owner)), packId: first! })]);
    await rig.world.clock.sleep(1_000);
    await pushDuty(owner.context, delegate.context.device);
    await repository.apply(repository.operations.dropPack(first!));
    await rig.world.clock.sleep(1_000);
    await pushDuty(owner.context, delegate.context.device);
    await drainReleases(delegate.context);
    expect(own()).toBeLessThan(placed);
    expect(await delegate.context.repository.rows.placements(first!)).toEqual([]);
    rig.close();
  });

  it('keeps what it gathers for the owner apart from its own, until the pack is whole or its duty ends', async () => {
    const { rig, owner, delegate, duties } = await pair('gathers', 7);
    const content = await owner.save('reed-solomon:3+2', 1, 20_000, rig.holders.slice(0, 5));
    await pushDuty(owner.context, delegate.context.device);
    rig.holders[0]!.evict(true);
    rig.holders[0]!.state = 'evicted';
    const here = (...numbers: number[]): void => {
      rig.only(rig.holders.filter((_, i) => i < 5 && !numbers.includes(i)));
    };
    const volumes = async (): Promise<number> => (await delegate.context.platform.blobs.list()).length;
    // All holders of the owner become the delegate's own by its first look.
    rig.only([]);
    await takeHolders(delegate.context, new Set(), undefined);
    here(1, 2);
    expect(await repairFor(owner, delegate, duties)).toMatchObject({ remade: 0, unread: 1 });
    expect(await volumes()).toBe(1);
    await delegate.repair();
    expect(await volumes()).toBe(1);
    here(3);
    expect(await repairFor(owner, delegate, duties)).toMatchObject({ remade: 1, missing: 0 });
    expect(await volumes()).toBe(0);
    rig.holders[1]!.evict(true);
    rig.holders[1]!.state = 'evicted';
    here(2);
    await repairFor(owner, delegate, duties);
    expect(await volumes()).toBe(1);
    rig.only([]);
    await rig.world.clock.sleep(1_000);
    await endDuty(owner.context, delegate.context.device);
    expect(await volumes()).toBe(0);
    await comeBack(owner);
    expect(await owner.read(content)).toBe('whole');
    rig.close();
  });

  it('keeps its old duty until the last part of the new one is here, whatever breaks off', async () => {
    const { rig, owner, delegate, duties } = await pair('parts', 4);
    const { repository } = owner.context;
    await owner.save('reed-solomon:2+2', 1, 20_000);
    const pack = await anyPack(owner);
    await pushDuty(owner.context, delegate.context.device);
    // Two parts and a bit.
    const ids = Array.from({ length: 3_000 }, (_, i) => i.toString(16).padStart(32, '0'));
    for (let i = 0; i < ids.length; i += 500) {
      await repository.apply(
        ids
          .slice(i, i + 500)
          .map((id) => repository.operations.pack({ ...pack, packId: id as typeof pack.packId })),
      );
    }
    const remote = await owner.cooperation.session(delegate.context.device);
    const put = remote.putDuty.bind(remote);
    let parts = 0;
    remote.putDuty = (part) => (++parts === 3 ? Promise.reject(new Error('line broken')) : put(part));
    await rig.world.clock.sleep(1_000);
    await expect(pushDuty(owner.context, delegate.context.device)).rejects.toThrow('line broken');
    const known = async (): Promise<number> => {
      let count = 0;
      for await (const _ of duties.packs(owner.context.device)) count++;
      return count;
    };
    expect(await known()).toBe(1);
    remote.putDuty = put;
    await rig.world.clock.sleep(1_000);
    expect(await pushDuty(owner.context, delegate.context.device)).toBe(3_001);
    expect(await known()).toBe(3_001);
    // After a restart, too; and nothing is left of the parts of the broken one.
    const again = await delegate.restart();
    expect(await new DutyStore(again.context).owners()).toEqual([owner.context.device]);
    let rows = 0;
    for await (const _ of again.context.repository.duties()) rows++;
    expect(rows).toBe(3);
    rig.close();
  });

  it('surveys its duty as the owner would', async () => {
    const { rig, owner, delegate, duties } = await pair('survey', 5);
    await owner.save('reed-solomon:2+2', 2, 20_000);
    await pushDuty(owner.context, delegate.context.device);
    await takeHolders(delegate.context, new Set(), undefined);
    rig.holders[0]!.state = 'evicted';
    const source = dutyPacks(delegate.context, duties, owner.context.device);
    expect(await surveyPacks(delegate.context, source)).toEqual(await surveyPacks(owner.context));
    rig.close();
  });

  it('stands in after a day without its owner, and not when a clock was set back', () => {
    expect(shouldStandIn(0, 24 * HOUR_MS)).toBe(true);
    expect(shouldStandIn(0, 24 * HOUR_MS - 1)).toBe(false);
    expect(shouldStandIn(1_000_000 * HOUR_MS, 0)).toBe(false);
  });
});

async function anyPack(
  owner: Owner,
): Promise<Awaited<ReturnType<Owner['context']['repository']['pack']>> & object> {
  for await (const pack of owner.context.repository.packs()) return pack;
  throw new Error('no pack');
}
