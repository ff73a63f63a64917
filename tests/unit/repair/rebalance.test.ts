import { describe, expect, it } from 'vitest';
import { drainReleases } from '../../../src/agent/ledgers/releases.ts';
import { REBALANCE_PACKS_PER_RUN } from '../../../src/agent/repair/rebalance.ts';
import { surveyPacks } from '../../../src/agent/repair/survey.ts';
import { Rig, expectSafe, strayRows } from './rig.ts';

describe('packs that lie badly', () => {
  it('stay where they are while nobody of another failure domain is there, and the risk is told', async () => {
    const rig = new Rig('domains', 6);
    for (const holder of rig.holders) holder.domains = [...holder.domains, 'family:a'];
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+2', 3, 20_000);
    expect((await surveyPacks(owner.context)).risks).toEqual([
      { kind: 'domain', domain: 'family:a', shards: 4, cap: 1 },
    ]);
    expect(await owner.repair()).toMatchObject({ moved: 0, bytes: 0 });
    rig.close();
  });

  it('move one shard a run to mend a cap, are safe all the time, and leave no row behind', async () => {
    const rig = new Rig('one a run', 7);
    for (const holder of rig.holders.slice(4)) holder.state = 'suspect';
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 2);
    for (const [i, holder] of rig.holders.entries()) {
      holder.state = 'active';
      holder.domains = [...holder.domains, i < 4 ? 'family:a' : `family:${i}`];
    }
    for (const shards of [4, 3, 2]) {
      const [risk] = (await surveyPacks(owner.context)).risks;
      expect(risk).toMatchObject({ domain: 'family:a', shards });
      expect(await owner.repair()).toMatchObject({ moved: 2, remade: 0 });
      await drainReleases(owner.context);
      expect(await strayRows(owner)).toBe(0);
      await expectSafe(owner, content, 4, 2);
    }
    expect((await surveyPacks(owner.context)).risks).toEqual([]);
    expect(await owner.repair()).toMatchObject({ moved: 0, bytes: 0 });
    rig.close();
  });

  it('move to partners that last much longer, a few a run, and not for a little', async () => {
    const rig = new Rig('odds', 6);
    for (const holder of rig.holders) holder.odds = { availability: 0.5, lossPerYear: 0.5 };
    for (const holder of rig.holders.slice(4)) holder.state = 'suspect';
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', REBALANCE_PACKS_PER_RUN + 2, 20_000);
    for (const holder of rig.holders.slice(4)) holder.state = 'active';
    expect(await owner.repair()).toMatchObject({ moved: 0 });
    for (const holder of rig.holders.slice(4)) holder.odds = { availability: 0.9, lossPerYear: 0.02 };
    const before = (await surveyPacks(owner.context)).worstLossPerYear;
    expect(await owner.repair()).toMatchObject({ moved: REBALANCE_PACKS_PER_RUN });
    while ((await owner.repair()).moved > 0);
    expect((await surveyPacks(owner.context)).worstLossPerYear).toBeLessThan(before / 2);
    await drainReleases(owner.context);
    expect(await strayRows(owner)).toBe(0);
    await expectSafe(owner, content, 4, 2);
    rig.close();
  });
});

describe('new packs', () => {
  it('keep the caps of failure domains where partners allow it, and say where not', async () => {
    const rig = new Rig('placing', 12);
    for (const [i, holder] of rig.holders.entries())
      holder.domains = [...holder.domains, i < 8 ? 'family:a' : `family:${i}`];
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+4', 6, 20_000);
    expect((await surveyPacks(owner.context)).risks).toEqual([]);
    for (const shards of (await owner.places()).values()) {
      const same = [...shards.values()].flat().filter(({ domains }) => domains.includes('family:a'));
      expect(same.length).toBeLessThanOrEqual(2);
    }
    rig.close();
  });

  it('go to nobody who is suspect, leaving or gone', async () => {
    const rig = new Rig('states', 8);
    for (const [i, state] of (['suspect', 'leaving', 'reneged', 'evicted'] as const).entries())
      rig.holders[i]!.state = state;
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+2', 4, 20_000);
    expect(rig.holders.map((holder) => holder.rows().length)).toEqual([0, 0, 0, 0, 4, 4, 4, 4]);
    rig.close();
  });

  it('fall back on the spare that breaks no cap when a holder is full', async () => {
    const rig = new Rig('spare', 6);
    const families = ['a', 'b', 'c', 'd', 'a', 'e'];
    for (const [i, holder] of rig.holders.entries())
      holder.domains = [...holder.domains, `family:${families[i]!}`];
    rig.holders[3]!.full = true;
    const owner = await rig.owner('owner');
    const content = await owner.save('reed-solomon:2+2', 12, 20_000);
    expect((await surveyPacks(owner.context)).risks).toEqual([]);
    await expectSafe(owner, content, 4, 2);
    rig.close();
  });
});
