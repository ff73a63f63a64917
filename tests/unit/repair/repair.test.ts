import { describe, expect, it } from 'vitest';
import { HolderBook } from '../../../src/agent/repair/holders.ts';
import { surveyPacks } from '../../../src/agent/repair/survey.ts';
import { priorOdds } from '../../../src/core/placement/priors.ts';
import { phraseFromEntropy, secretsFromPhrase } from '../../../src/core/crypto/phrase.ts';
import { reconcileLedgers } from '../../../src/agent/ledgers/reconcile.ts';
import { drainReleases } from '../../../src/agent/ledgers/releases.ts';
import { Pace, REPAIR_BYTES_PER_SECOND } from '../../../src/agent/repair/pace.ts';
import type { Content, Holder, Owner } from './rig.ts';
import { Rig, expectSafe, strayRows } from './rig.ts';

/** Bytes fetched from holders so far. */
const given = (rig: Rig): number => rig.holders.reduce((sum, holder) => sum + holder.given, 0);

describe('repair', () => {
  it('remakes at once what holders say they lost, so that any k may vanish again', async () => {
    const rig = new Rig('lost', 7);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:3+2', 4);
    for (const holder of rig.holders.slice(0, 2)) holder.evict(false);
    const lost = await reconcileLedgers(owner.context);
    const pieces = lost.reduce((sum, one) => sum + one.lost.length, 0);
    expect(pieces).toBeGreaterThan(0);
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: pieces, urgent: true });
    expect(await owner.repair({ only: 'urgent' })).toMatchObject({ remade: pieces, missing: 0, lost: [] });
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0, urgent: false, lazy: false });
    await expectSafe(owner, content, 5, 2);
    rig.close();
  });

  it('remakes at once what lies on holders that reneged, left without moving or lost their storage', async () => {
    const rig = new Rig('gone', 9);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:3+3', 3);
    for (const [i, state] of (['reneged', 'departed', 'evicted'] as const).entries()) {
      rig.holders[i]!.state = state;
      rig.holders[i]!.online = false;
    }
    const { missing } = await surveyPacks(owner.context);
    expect(missing).toBeGreaterThan(0);
    expect(await owner.repair()).toMatchObject({ remade: missing, missing: 0 });
    // What was gone is off the record.
    for (const shards of (await owner.places()).values())
      for (const holder of [...shards.values()].flat()) expect(holder.state).toBe('active');
    await expectSafe(owner, content, 6, 3);
    rig.close();
  });

  it('brings the pieces that found nobody when partners are back, and counts them as lost only once somebody had them', async () => {
    const rig = new Rig('awaited', 9);
    const owner = await rig.owner('owner');
    const away = rig.holders.slice(3);
    for (const holder of away) holder.online = false;
    const content = await owner.save('reed-solomon:2+4', 3, 50_000, rig.holders.slice(0, 3));
    expect(await surveyPacks(owner.context)).toMatchObject({
      missing: 0,
      awaited: 9,
      canLose: 1,
      urgent: false,
      lazy: false,
    });
    // Nobody is there for them: nothing is fetched.
    expect(await owner.repair({ bring: true })).toMatchObject({ remade: 0, missing: 0, bytes: 0 });
    expect(given(rig)).toBe(0);
    for (const holder of away.slice(0, 2)) holder.online = true;
    expect((await surveyPacks(owner.context)).awaitedOf).toEqual(new Set(away.map(({ device }) => device)));
    // What is urgent does not wait for them.
    for (const run of [{ only: 'urgent' as const }, {}])
      expect(await owner.repair(run)).toMatchObject({ remade: 0, bytes: 0 });
    expect(await owner.repair({ bring: true })).toMatchObject({ remade: 6, missing: 0 });
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0, awaited: 3, canLose: 3 });
    for (const holder of away) holder.online = true;
    expect(await owner.repair({ bring: true })).toMatchObject({ remade: 3, missing: 0 });
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0, awaited: 0, canLose: 4 });
    await expectSafe(owner, content, 6, 4);
    rig.holders[0]!.state = 'evicted';
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 3, awaited: 0, urgent: true });
    rig.close();
  });

  it('that is stopped after it brought a piece leaves none on record as waiting that has had a holder', async () => {
    const rig = new Rig('awaited, stopped', 9);
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+4', 1, 50_000, rig.holders.slice(0, 3));
    const { repository, platform } = owner.context;
    const controller = platform.clock.abortController();
    const commit = repository.rows.commitPlacements.bind(repository.rows);
    let commits = 0;
    repository.rows.commitPlacements = async (...given) => {
      await commit(...given);
      if (++commits === 3) controller.abort();
    };
    await expect(owner.repair({ bring: true, signal: controller.signal })).rejects.toMatchObject({
      fault: 'aborted',
    });
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 0, awaited: 0, canLose: 4 });
    const [places] = (await owner.places()).values();
    for (const holder of [...places!.values()].flat().slice(0, 3)) holder.state = 'evicted';
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 3, awaited: 0, urgent: true });
    rig.close();
  });

  it('fetches nothing that it cannot use: too few holders online, or nobody with room', async () => {
    const rig = new Rig('awaited, in vain', 12);
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:4+7', 5, 100_000, rig.holders.slice(0, 6));
    // Three of its holders, and three others.
    rig.only([...rig.holders.slice(0, 3), ...rig.holders.slice(6, 9)]);
    expect(await owner.repair({ bring: true })).toMatchObject({ remade: 0, bytes: 0 });
    expect(given(rig)).toBe(0);
    // One that says it has room, and takes nothing, costs one pack of five.
    rig.only(rig.holders.slice(7));
    rig.holders[6]!.full = true;
    await owner.repair({ bring: true });
    expect(given(rig)).toBeLessThan(2 * 110_000);
    rig.close();
  });

  it('is urgent for pieces that were refused by partners in reach', async () => {
    const rig = new Rig('refused', 12);
    const owner = await rig.owner('owner');
    for (const holder of rig.holders.slice(9)) holder.full = true;
    await owner.save('reed-solomon:6+6', 1, 50_000);
    expect(await surveyPacks(owner.context)).toMatchObject({ missing: 3, awaited: 0, urgent: true });
    for (const holder of rig.holders.slice(3, 9)) holder.full = true;
    await expect(owner.save('reed-solomon:2+10', 1, 50_000)).rejects.toMatchObject({ fault: 'full' });
    rig.close();
  });

  it('is not made for one silent holder, and is for as many as the odds do not bear', async () => {
    const rig = new Rig('silent', 12);
    const owner = await rig.owner('owner');
    for (const holder of rig.holders) holder.odds = { availability: 0.9, lossPerYear: 0.1 };
    const content = await owner.save('reed-solomon:4+4', 2);
    const silence = (holder: Holder, lossPerYear: number): void => {
      holder.state = 'suspect';
      holder.online = false;
      holder.odds = { availability: 0.5, lossPerYear };
    };
    const [pack] = await owner.places();
    const holders = [...pack![1].values()].flat();
    silence(holders[0]!, 0.9);
    expect(await surveyPacks(owner.context)).toMatchObject({ urgent: false, lazy: false });
    expect(await owner.repair()).toMatchObject({ remade: 0, moved: 0, bytes: 0 });
    for (const holder of holders.slice(0, 3)) silence(holder, 0.999999);
    expect(await surveyPacks(owner.context)).toMatchObject({ urgent: false, lazy: true });
    expect(await owner.repair({ only: 'urgent' })).toMatchObject({ remade: 0 });
    const { remade } = await owner.repair();
    expect(remade).toBeGreaterThan(0);
    expect(await surveyPacks(owner.context)).toMatchObject({ lazy: false });
    expect(await owner.read(content)).toBe('whole');
    // They come back, the worse for it: of what lies twice theirs is let go.
    const back = (): number => holders.slice(0, 3).reduce((sum, holder) => sum + holder.rows().length, 0);
    const before = back();
    for (const holder of holders.slice(0, 3)) {
      holder.state = 'active';
      holder.online = true;
      holder.odds = { availability: 0.9, lossPerYear: 0.3 };
    }
    expect(await surveyPacks(owner.context)).toMatchObject({ lazy: true });
    await owner.repair();
    await drainReleases(owner.context);
    expect(await surveyPacks(owner.context)).toMatchObject({ lazy: false });
    expect(back()).toBe(before - remade);
    expect(await strayRows(owner)).toBe(0);
    await expectSafe(owner, content, 8, 4);
    rig.close();
  });

  it('takes silence for a loss the sooner, the oftener partners are lost', async () => {
    const rig = new Rig('restless', 6);
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+2', 1);
    const { repository, cooperation } = owner.context;
    const [pack] = await owner.places();
    const [placement] = await repository.rows.placements(pack![0]);
    const silent = rig.holders.find(({ device }) => device === placement!.holder)!;
    const lossOf = (departures?: number): number => {
      for (const holder of rig.holders) holder.odds = priorOdds('installed', departures);
      silent.state = 'suspect';
      silent.odds = { availability: 0.5, lossPerYear: 0.9 };
      return new HolderBook(cooperation).look(placement!).partner!.odds.lossPerYear;
    };
    expect(lossOf()).toBe(0.9);
    expect(lossOf(2)).toBeGreaterThan(0.99);
    expect(lossOf(6)).toBeGreaterThan(lossOf(2));
    rig.close();
  });

  it('moves pieces away from a holder that leaves, which then keeps none', async () => {
    const rig = new Rig('leaving', 6);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 5);
    const leaver = rig.holders[0]!;
    leaver.state = 'leaving';
    const pieces = leaver.rows().length;
    expect(pieces).toBeGreaterThan(0);
    expect(await owner.repair({ only: 'urgent' })).toMatchObject({ moved: pieces, remade: 0 });
    await drainReleases(owner.context);
    expect(leaver.rows()).toEqual([]);
    expect(await strayRows(owner)).toBe(0);
    await expectSafe(owner, content, 4, 2);
    rig.close();
  });

  it('copies a leaving holder’s piece alone: a pack is not fetched for it', async () => {
    const rig = new Rig('copy', 6);
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:3+1', 1, 600_000);
    const [pack] = (await owner.places()).values();
    const leaver = pack!.get(0)![0]!;
    leaver.state = 'leaving';
    const before = rig.holders.reduce((sum, { given }) => sum + given, 0);
    await owner.repair();
    const given = rig.holders.reduce((sum, one) => sum + one.given, 0) - before;
    expect(given).toBe(leaver.given);
    rig.close();
  });

  it('needs the key of the shards only', async () => {
    const rig = new Rig('keys', 9);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:3+2', 3);
    for (const holder of rig.holders.slice(0, 2)) holder.state = 'evicted';
    rig.holders[2]!.state = 'leaving';
    const { platform, keys } = owner.context;
    const { vault } = rig.world.device('stranger').platform;
    const junk = await vault.saveAccount(secretsFromPhrase(phraseFromEntropy(new Uint8Array(16).fill(9))));
    await platform.codec.setKeys({ ...junk, account: keys.account, shard: keys.shard });
    expect(await owner.read(content)).not.toBe('whole');
    const { remade, moved, missing } = await owner.repair();
    expect(remade).toBeGreaterThan(0);
    expect(moved).toBeGreaterThan(0);
    expect(missing).toBe(0);
    await platform.codec.setKeys(keys);
    await expectSafe(owner, content, 5, 2);
    rig.close();
  });

  it('gives up no pack for silence, and one below m only when its pieces are proved gone', async () => {
    const rig = new Rig('give up', 6);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 1);
    const [shards] = (await owner.places()).values();
    const holders = [...shards!.values()].flat();
    for (const holder of holders.slice(0, 3)) {
      holder.online = false;
      holder.state = 'suspect';
      holder.odds = { availability: 0.1, lossPerYear: 0.999999 };
    }
    expect(await owner.repair({ giveUpLost: true })).toMatchObject({ lost: [], remade: 0 });
    for (const holder of holders) holder.online = true;
    expect(await owner.read(content)).toBe('whole');
    // Two of them are through with us, and not there to be asked: that is one too many with the third lost.
    for (const holder of holders.slice(0, 3)) {
      holder.online = false;
      holder.state = 'reneged';
    }
    const [id] = (await owner.places()).keys();
    expect(await owner.repair({ giveUpLost: true })).toMatchObject({ lost: [id] });
    expect(await owner.read(content)).not.toBe('whole');
    rig.close();
  });

  it('saves a pack from holders that are through with us as long as they are there', async () => {
    const rig = new Rig('rescue', 8);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 1);
    const [shards] = (await owner.places()).values();
    for (const holder of [...shards!.values()].flat().slice(0, 3)) holder.state = 'reneged';
    expect(await owner.repair({ giveUpLost: true })).toMatchObject({ lost: [], remade: 3, missing: 0 });
    for (const holder of rig.holders) if (holder.state === 'reneged') holder.ledgers.clear();
    await expectSafe(owner, content, 4, 2);
    rig.close();
  });

  it('fills with what partners take when some are full, and goes on when there is room', async () => {
    const rig = new Rig('full', 6);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 4);
    rig.holders[0]!.state = 'evicted';
    for (const holder of rig.holders) holder.full = true;
    const { missing } = await surveyPacks(owner.context);
    expect(await owner.repair()).toMatchObject({ remade: 0, missing, lost: [] });
    for (const holder of rig.holders) holder.full = false;
    expect(await owner.repair()).toMatchObject({ remade: missing, missing: 0 });
    await drainReleases(owner.context);
    await expectSafe(owner, content, 4, 2);
    rig.close();
  });

  it('does not wait for a slow holder while others have enough', async () => {
    const rig = new Rig('slow', 7);
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+3', 1);
    const [shards] = (await owner.places()).values();
    const holders = [...shards!.values()].flat();
    holders[4]!.state = 'evicted';
    for (const holder of holders.slice(0, 2)) holder.slowMs = 3_600_000;
    const from = rig.world.clock.monotonic();
    expect(await owner.repair()).toMatchObject({ remade: 1, missing: 0 });
    expect(rig.world.clock.monotonic() - from).toBeLessThan(60_000);
    rig.close();
  });

  it('takes no more of the line than its pace, but for a pack in danger', async () => {
    const rig = new Rig('pace', 9);
    const owner = await rig.owner('owner');
    const bytes = 2_000_000;
    await owner.save('reed-solomon:4+4', 8, bytes);
    const pace = (): Pace => new Pace(rig.world.clock);
    const timed = async (): Promise<{ seconds: number; moved: number }> => {
      const from = rig.world.clock.monotonic();
      const done = await owner.repair({ pace: pace() });
      return { seconds: (rig.world.clock.monotonic() - from) / 1000, moved: done.bytes };
    };
    rig.holders[0]!.state = 'evicted';
    const calm = await timed();
    // One bucket is full at the start.
    const bucket = 10 * 1024 * 1024;
    expect(calm.moved).toBeGreaterThan(bucket);
    expect(calm.seconds).toBeGreaterThan((calm.moved - bucket) / REPAIR_BYTES_PER_SECOND - 1);
    for (const holder of rig.holders.slice(1, 5)) holder.state = 'evicted';
    const danger = await timed();
    expect(danger.moved).toBe(0);
    for (const holder of rig.holders.slice(0, 1)) holder.state = 'active';
    const rescued = await timed();
    expect(rescued.moved).toBeGreaterThan(1.5 * bucket);
    expect(rescued.seconds).toBeLessThan(rescued.moved / REPAIR_BYTES_PER_SECOND / 2);
    rig.close();
  });

  it('stops when it is told to, keeps what it has done, and ends it in a later run', async () => {
    const rig = new Rig('stop', 6);
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 6);
    rig.holders[0]!.state = 'evicted';
    const { missing } = await surveyPacks(owner.context);
    const controller = rig.world.clock.abortController();
    const remote = owner.cooperation.session.bind(owner.cooperation);
    let calls = 0;
    owner.cooperation.session = async (device) => {
      if (++calls === 8) controller.abort();
      return remote(device);
    };
    await expect(owner.repair({ signal: controller.signal })).rejects.toMatchObject({ fault: 'aborted' });
    owner.cooperation.session = remote;
    const left = (await surveyPacks(owner.context)).missing;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(missing);
    await owner.context.repository.rows.dropIntents();
    expect(await owner.repair()).toMatchObject({ remade: left, missing: 0 });
    await reconcileLedgers(owner.context);
    await drainReleases(owner.context);
    rig.holders[0]!.evict(true);
    expect(await strayRows(owner)).toBe(0);
    await expectSafe(owner, content, 4, 2);
    rig.close();
  });

  it('killed at any moment loses nothing and goes on', async () => {
    const prepared = async (seed: string): Promise<{ rig: Rig; owner: Owner; content: Content }> => {
      const rig = new Rig(seed, 6);
      const owner = await rig.owner('owner');
      const content = await owner.save('reed-solomon:2+2', 3, 60_000);
      rig.holders[0]!.evict(true);
      rig.holders[0]!.state = 'evicted';
      rig.holders[1]!.state = 'leaving';
      return { rig, owner, content };
    };
    const { rig, owner } = await prepared('killed: length');
    const from = owner.disk.disk.operations;
    await owner.repair();
    const operations = owner.disk.disk.operations - from;
    rig.close();
    expect(operations).toBeGreaterThan(20);
    for (let moment = 1; moment <= operations; moment += 5) {
      const { rig, owner, content } = await prepared(`killed ${moment}`);
      owner.disk.disk.crashAt(moment);
      const run = owner.repair().then(
        () => undefined,
        () => undefined,
      );
      const killed = async (): Promise<void> => {
        while (owner.disk.running) await rig.world.clock.sleep(50);
      };
      // A program that was killed may wait for ever.
      await Promise.race([run, killed()]);
      owner.disk.disk.crashAt(undefined);
      const again = await owner.restart();
      expect(await again.read(content), `killed at ${moment}`).toBe('whole');
      await again.context.repository.rows.dropIntents();
      await reconcileLedgers(again.context);
      expect(await again.repair(), `killed at ${moment}`).toMatchObject({ missing: 0, lost: [] });
      await drainReleases(again.context);
      expect(await strayRows(again), `killed at ${moment}`).toBe(0);
      expect(rig.holders[1]!.rows()).toEqual([]);
      await expectSafe(again, content, 4, 2);
      rig.close();
    }
  });
});
