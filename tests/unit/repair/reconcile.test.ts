import { describe, expect, it } from 'vitest';
import { compareLedger, reconcileLedgers } from '../../../src/agent/ledgers/reconcile.ts';
import { parsePackId } from '../../../src/core/ids.ts';
import { Rig } from './rig.ts';

const PACK = parsePackId('0'.repeat(32));

describe('comparing ledgers', () => {
  it('never has a row dropped that is on its way or has just been committed', async () => {
    const rig = new Rig('on its way', 1);
    const owner = await rig.owner('owner');
    const { repository } = owner.context;
    const [ledger] = owner.cooperation.ledgers();
    const { agreement, holder } = ledger!;
    const remote = await owner.cooperation.session(holder);
    const [row] = await repository.reserve(PACK, [agreement]);
    const placed = { packId: PACK, shard: 0, row: row!, bytes: 100, segments: 1, sha256: new Uint8Array(32) };
    await remote.put(agreement, placed, new Uint8Array(100));
    // An audit may compare at any moment of a backup or a repair.
    expect(await compareLedger(owner.context, remote, ledger!, [])).toEqual([]);
    expect(await repository.releases(agreement)).toEqual([]);
    await repository.commitPlacements(PACK, [{ ...placed, holder, agreement }]);
    expect(await compareLedger(owner.context, remote, ledger!, [])).toEqual([]);
    expect(await repository.releases(agreement)).toEqual([]);
    expect(await repository.placements(PACK)).toHaveLength(1);
    rig.close();
  });

  it('releases what nothing knows of, once', async () => {
    const rig = new Rig('unknown', 1);
    const owner = await rig.owner('owner');
    const { repository } = owner.context;
    const [ledger] = owner.cooperation.ledgers();
    const { agreement, holder } = ledger!;
    const remote = await owner.cooperation.session(holder);
    const [row] = await repository.reserve(PACK, [agreement]);
    const sealed = new Uint8Array(100);
    await remote.put(
      agreement,
      { packId: PACK, shard: 0, row: row!, bytes: 100, segments: 1, sha256: new Uint8Array(32) },
      sealed,
    );
    await repository.dropIntents();
    await compareLedger(owner.context, remote, ledger!, []);
    expect(await repository.releases(agreement)).toEqual([row]);
    rig.close();
  });

  it('takes a row committed after all as placed, although it was marked for release', async () => {
    const rig = new Rig('committed after all', 1);
    const owner = await rig.owner('owner');
    const { repository } = owner.context;
    const [ledger] = owner.cooperation.ledgers();
    const { agreement, holder } = ledger!;
    const [row] = await repository.reserve(PACK, [agreement]);
    await repository.dropIntents();
    expect(await repository.releases(agreement)).toEqual([row]);
    await repository.commitPlacements(PACK, [
      {
        packId: PACK,
        shard: 0,
        holder,
        agreement,
        row: row!,
        bytes: 100,
        segments: 1,
        sha256: new Uint8Array(32),
      },
    ]);
    expect(await repository.releases(agreement)).toEqual([]);
    rig.close();
  });

  it('strikes all that lies with a holder that has forgotten the agreement, and nothing of one that is away', async () => {
    const rig = new Rig('forgotten', 4);
    const owner = await rig.owner('owner');
    await owner.save('reed-solomon:2+2', 3, 20_000);
    rig.holders[0]!.ledgers.clear();
    rig.holders[1]!.online = false;
    const lost = await reconcileLedgers(owner.context);
    expect(lost.flatMap((one) => one.lost.map(({ holder }) => holder))).toEqual(
      Array.from({ length: 3 }, () => rig.holders[0]!.device),
    );
    for (const shards of (await owner.places()).values()) expect(shards.size).toBe(3);
    rig.close();
  });
});
