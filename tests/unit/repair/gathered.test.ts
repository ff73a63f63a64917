import { describe, expect, it } from 'vitest';
import { GATHERED_MAX_BYTES, GatheredShards } from '../../../src/agent/repair/gathered-shards.ts';
import { surveyPacks } from '../../../src/agent/repair/survey.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { encodeCbor } from '../../../src/core/cbor.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { parseDeviceId } from '../../../src/core/ids.ts';
import type { Content, Holder, Owner } from './rig.ts';
import { Rig } from './rig.ts';

/** An owner whose packs of 3+2 pieces lie at the first five of seven holders. */
async function saved(
  seed: string,
  packs = 1,
): Promise<{ readonly rig: Rig; readonly owner: Owner; readonly content: Content }> {
  const rig = new Rig(seed, 7);
  const owner = await rig.owner('owner');
  const content = await owner.save('reed-solomon:3+2', packs, 150_000, rig.holders.slice(0, 5));
  return { rig, owner, content };
}

/** Only these are there, and the two that have no piece. */
function present({ holders }: Rig, ...numbers: number[]): void {
  for (const [i, holder] of holders.entries()) holder.online = numbers.includes(i) || i >= 5;
}

const given = ({ holders }: Rig): number => holders.reduce((sum, holder) => sum + holder.given, 0);

/** Packs of which something is kept, and the volumes it lies in. */
async function kept({ context: { platform } }: Owner): Promise<{ packs: number; volumes: string[] }> {
  const rows = await platform.meta.scan(OWNER_TABLES.gathered, { limit: 100 });
  return { packs: rows.length, volumes: (await platform.blobs.list()).map(({ volume }) => volume) };
}

const NOTHING = { packs: 0, volumes: [] };

describe('pieces gathered for a repair', () => {
  it('are kept until there are enough, though their holders are never there together', async () => {
    const { rig, owner, content } = await saved('never together');
    rig.holders[0]!.state = 'evicted';
    present(rig, 1);
    expect(await owner.repair()).toMatchObject({ remade: 0, missing: 1, unread: 1 });
    // The same one has no more to give.
    const once = given(rig);
    expect(once).toBeGreaterThan(0);
    expect(await owner.repair()).toMatchObject({ remade: 0, missing: 1, unread: 1 });
    expect(given(rig)).toBe(once);
    present(rig, 2);
    expect(await owner.repair()).toMatchObject({ remade: 0, missing: 1, unread: 1 });
    // The program ends in between.
    const again = await owner.restart();
    present(rig, 3);
    expect(await again.repair()).toMatchObject({ remade: 1, missing: 0, unread: 0 });
    expect(given(rig)).toBe(3 * once);
    expect(await kept(again)).toEqual(NOTHING);
    rig.only([rig.holders[1]!, rig.holders[2]!]);
    expect(await again.read(content)).toBe('whole');
    rig.close();
  });

  it('count as pieces that there are: a pack with them is not lost', async () => {
    const { rig, owner, content } = await saved('not lost');
    rig.holders[0]!.state = 'evicted';
    present(rig, 1, 2);
    await owner.repair();
    // Of five pieces two are left at holders that are away.
    for (const i of [1, 2]) rig.holders[i]!.state = 'evicted';
    present(rig);
    const { lost, missing } = await owner.repair({ giveUpLost: true });
    // Both were here and go to the two that have none yet.
    expect({ lost, missing }).toEqual({ lost: [], missing: 1 });
    rig.only([]);
    expect(await owner.repair()).toMatchObject({ lost: [] });
    expect(await owner.read(content)).toBe('whole');
    rig.close();
  });

  it('are forgotten when the pack needs no repair any more, or is no more', async () => {
    const { rig, owner } = await saved('forgotten', 2);
    rig.holders[0]!.state = 'evicted';
    present(rig, 1);
    await owner.repair();
    expect(await kept(owner)).toMatchObject({ packs: 2, volumes: { length: 2 } });
    // It was not gone after all.
    rig.holders[0]!.state = 'active';
    rig.only([]);
    await owner.repair();
    expect(await kept(owner)).toEqual(NOTHING);
    rig.close();
  });

  it('leave nothing behind when they could not be kept', async () => {
    const { rig, owner } = await saved('disk full');
    const { blobs } = owner.context.platform;
    const flush = blobs.flush.bind(blobs);
    blobs.flush = () => Promise.reject(new RoostError('full', 'the disk is full'));
    rig.holders[0]!.state = 'evicted';
    present(rig, 1);
    expect(await owner.repair()).toMatchObject({ remade: 0, missing: 1 });
    expect(await kept(owner)).toMatchObject({ packs: 1, volumes: { length: 1 } });
    blobs.flush = flush;
    rig.holders[0]!.state = 'active';
    await owner.repair();
    expect(await kept(owner)).toEqual(NOTHING);
    rig.close();
  });

  it('are not used when their bytes have changed on disk', async () => {
    const { rig, owner, content } = await saved('rotten');
    rig.holders[0]!.state = 'evicted';
    present(rig, 1, 2);
    await owner.repair();
    const { blobs } = owner.context.platform;
    const [{ volume, bytes: length }] = (await blobs.list()) as [{ volume: string; bytes: number }];
    const bytes = (await blobs.read(volume, 0, length)).slice();
    bytes[1000]! ^= 1;
    await blobs.truncate(volume, 0);
    await blobs.append(volume, bytes);
    present(rig, 3);
    expect(await owner.repair()).toMatchObject({ remade: 0, unread: 1 });
    present(rig, 3, 4);
    expect(await owner.repair()).toMatchObject({ remade: 1, missing: 0 });
    const others: Holder[] = [rig.holders[3]!, rig.holders[4]!];
    rig.only(others);
    expect(await owner.read(content)).toBe('whole');
    rig.close();
  });

  it('take no more room than they may: what cannot be kept is not fetched', async () => {
    const { rig, owner } = await saved('no room', 2);
    const { platform } = owner.context;
    const other = parseDeviceId('e'.repeat(40));
    const [pack] = (await owner.places()).keys();
    // As if two large shards of another owner's pack were here.
    const rows = [0, 1].map((shard) => [shard, new Uint8Array(32), 0]);
    await platform.meta.write([
      {
        kind: 'put',
        table: OWNER_TABLES.gathered,
        key: `${other}/${pack!}`,
        value: encodeCbor(['gathered-1', GATHERED_MAX_BYTES / 2 - 1000, rows]),
      },
    ]);
    rig.holders[0]!.state = 'evicted';
    present(rig, 1);
    expect(await owner.repair()).toMatchObject({ remade: 0, missing: 2, unread: 2 });
    expect(given(rig)).toBe(0);
    // Those of another owner stay.
    const again = await GatheredShards.open(platform, other);
    expect(again.of(pack!)).toEqual([0, 1]);
    await again.forgetOthers(new Set());
    await owner.repair();
    expect(given(rig)).toBeGreaterThan(0);
    expect((await surveyPacks(owner.context)).missing).toBe(2);
    rig.close();
  });
});
