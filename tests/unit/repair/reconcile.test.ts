import { describe, expect, it } from 'vitest';
import { compareLedger, reconcileLedgers } from '../../../src/agent/ledgers/reconcile.ts';
import { releaseAt } from '../../../src/agent/ledgers/releases.ts';
import type { AgentContext } from '../../../src/agent/context.ts';
import type { Remote } from '../../../src/agent/session/types.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import { parsePackId } from '../../../src/core/ids.ts';
import { LEDGER_PAGE_ROWS } from '../../../src/core/wire/limits.ts';
import { expectFault } from '../../contracts/expect-fault.ts';
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
    const [row] = await repository.rows.reserve(PACK, [agreement]);
    const placed = { packId: PACK, shard: 0, row: row!, bytes: 100, segments: 1, hash: new Uint8Array(32) };
    await remote.put(agreement, placed, new Uint8Array(100));
    // An audit may compare at any moment of a backup or a repair.
    expect((await compareLedger(owner.context, remote, ledger!, [])).lost).toEqual([]);
    expect(await repository.rows.releases(agreement)).toEqual([]);
    await repository.rows.commitPlacements(PACK, [{ ...placed, holder, agreement }]);
    expect((await compareLedger(owner.context, remote, ledger!, [])).lost).toEqual([]);
    expect(await repository.rows.releases(agreement)).toEqual([]);
    expect(await repository.rows.placements(PACK)).toHaveLength(1);
    rig.close();
  });

  it('releases what nothing knows of, once', async () => {
    const rig = new Rig('unknown', 1);
    const owner = await rig.owner('owner');
    const { repository } = owner.context;
    const [ledger] = owner.cooperation.ledgers();
    const { agreement, holder } = ledger!;
    const remote = await owner.cooperation.session(holder);
    const [row] = await repository.rows.reserve(PACK, [agreement]);
    const sealed = new Uint8Array(100);
    await remote.put(
      agreement,
      { packId: PACK, shard: 0, row: row!, bytes: 100, segments: 1, hash: new Uint8Array(32) },
      sealed,
    );
    await repository.rows.dropIntents();
    await compareLedger(owner.context, remote, ledger!, []);
    expect(await repository.rows.releases(agreement)).toEqual([row]);
    rig.close();
  });

  it('takes a row committed after all as placed, although it was marked for release', async () => {
    const rig = new Rig('committed after all', 1);
    const owner = await rig.owner('owner');
    const { repository } = owner.context;
    const [ledger] = owner.cooperation.ledgers();
    const { agreement, holder } = ledger!;
    const [row] = await repository.rows.reserve(PACK, [agreement]);
    await repository.rows.dropIntents();
    expect(await repository.rows.releases(agreement)).toEqual([row]);
    await repository.rows.commitPlacements(PACK, [
      {
        packId: PACK,
        shard: 0,
        holder,
        agreement,
        row: row!,
        bytes: 100,
        segments: 1,
        hash: new Uint8Array(32),
      },
    ]);
    expect(await repository.rows.releases(agreement)).toEqual([]);
    rig.close();
  });

  it('takes a page that is not full as the last, and marks no end of rows that a holder makes up', async () => {
    const rig = new Rig('made up', 1);
    const owner = await rig.owner('owner');
    const { repository } = owner.context;
    const [ledger] = owner.cooperation.ledgers();
    const session = await owner.cooperation.session(ledger!.holder);
    let pages = 0;
    const makesUp = (rowsAPage: number, from: number): Remote =>
      ({
        peer: session.peer,
        ledgerDigest: () => Promise.resolve({ rows: 5, bytes: 5, digest: new Uint8Array(32) }),
        ledger: (_agreement: AgreementId, after: number) => {
          pages++;
          const first = Math.max(from, after + 1);
          return Promise.resolve(
            Array.from({ length: rowsAPage }, (_, i) => ({
              row: first + i,
              packId: PACK,
              shard: 0,
              bytes: 17,
              segments: 1,
              hash: new Uint8Array(32),
            })),
          );
        },
      }) as unknown as Remote;
    // Row by row, as slowly as it may, this would go on for years.
    expect(await compareLedger(owner.context, makesUp(1, 1), ledger!, [])).toMatchObject({
      beside: 'unknown',
    });
    expect(pages).toBe(1);
    await expectFault(compareLedger(owner.context, makesUp(LEDGER_PAGE_ROWS, 2), ledger!, []), 'malformed');
    expect(pages).toBeLessThan(50);
    for (let i = 0; i < 30; i++)
      await compareLedger(owner.context, makesUp(LEDGER_PAGE_ROWS - 1, 1_000 * i + 2), ledger!, []);
    expect((await repository.rows.releases(ledger!.agreement)).length).toBeLessThan(22_000);
    rig.close();
  });

  it('never releases what a run marks while it is looked up, before the head of that run is acknowledged', async () => {
    let acknowledged = true;
    const marked: number[] = [];
    const told: number[] = [];
    const commit = (): void => {
      acknowledged = false;
      marked.push(7);
    };
    const repository = {
      ownHead: () => {
        const now = { acknowledged };
        queueMicrotask(commit);
        return Promise.resolve(now);
      },
      rows: {
        releases: () => Promise.resolve([...marked]),
        released: () => Promise.resolve(),
      },
    };
    const remote = {
      release: (_agreement: AgreementId, rows: readonly number[]) => Promise.resolve(void told.push(...rows)),
    };
    await releaseAt(
      { repository } as unknown as AgentContext,
      remote as unknown as Remote,
      '00' as AgreementId,
    );
    expect(acknowledged).toBe(false);
    expect(told).toEqual([]);
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
