import type { Bytes } from '../../core/bytes.ts';
import { decodeOwnCbor, encodeCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { AgreementId, PackId } from '../../core/ids.ts';
import { Limiter } from '../../core/limiter.ts';
import { decodeUtf8 } from '../../core/utf8.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { LONG_PAGE_ROWS, scanAll, writeInBatches } from '../store/paging.ts';
import { operations } from './operations.ts';
import type { Intent, Placement, RowName } from './records.ts';
import {
  decodeIntent,
  decodePackFacts,
  decodePlacement,
  decodeStoredPack,
  encodeIntent,
  placementKey,
  rowKey,
} from './records.ts';
import { OWNER_TABLES } from './tables.ts';

/** Our rows at holders: which shards lie in them, which numbers were handed out, and which the holder may drop. */
export class Rows {
  readonly #meta: MetaStore;
  /** row numbers are read and raised one caller at a time */
  readonly #numbering = new Limiter(1);

  constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  async placements(pack: PackId): Promise<readonly Placement[]> {
    const rows = await this.#meta.scan(OWNER_TABLES.placements, { prefix: `${pack}/`, limit: 1_000 });
    return rows.map((row) => decodePlacement(row.value));
  }

  /** Every placement in the order of the pack ids. */
  async *allPlacements(): AsyncGenerator<Placement> {
    const range = { limit: LONG_PAGE_ROWS };
    for await (const row of scanAll(this.#meta, OWNER_TABLES.placements, range))
      yield decodePlacement(row.value);
  }

  /** Our side of one ledger, ascending by row. */
  async ledger(agreement: AgreementId): Promise<readonly Placement[]> {
    const keys: string[] = [];
    const range = { prefix: `${agreement}/`, limit: LONG_PAGE_ROWS };
    for await (const row of scanAll(this.#meta, OWNER_TABLES.ledgers, range))
      keys.push(decodeUtf8(row.value));
    const rows = await this.#meta.getMany(OWNER_TABLES.placements, keys);
    // A shard that has another row by now leaves its former one behind.
    return rows
      .flatMap((row) => (row ? [decodePlacement(row)] : []))
      .filter((placement) => placement.agreement === agreement)
      .sort((a, b) => a.row - b.row)
      .filter(({ row }, i, all) => row !== all[i - 1]?.row);
  }

  /**
   * Hands out the next row number of an agreement, durably together with the intent of the pack that will use it.
   * Rows are never used twice, whatever crashes.
   */
  async reserve(pack: PackId, agreements: readonly AgreementId[]): Promise<readonly number[]> {
    return this.#numbering.run(() => this.#reserve(pack, agreements));
  }

  async #reserve(pack: PackId, agreements: readonly AgreementId[]): Promise<readonly number[]> {
    const known = await this.#meta.getMany(OWNER_TABLES.rows, agreements);
    const next = new Map<AgreementId, number>();
    agreements.forEach((agreement, i) => {
      const row = known[i];
      next.set(agreement, row ? readNumber(row) : 0);
    });
    const rows = agreements.map((agreement) => {
      const row = (next.get(agreement) ?? 0) + 1;
      next.set(agreement, row);
      return row;
    });
    const former = await this.#meta.get(OWNER_TABLES.intents, pack);
    const intent: Intent = {
      rows: [
        ...(former ? decodeIntent(former).rows : []),
        ...agreements.map((agreement, i) => ({ agreement, row: rows[i] ?? 0 })),
      ],
    };
    await this.#meta.write([
      { kind: 'put', table: OWNER_TABLES.intents, key: pack, value: encodeIntent(intent) },
      ...[...next].map(([agreement, row]): MetaOperation => ({
        kind: 'put',
        table: OWNER_TABLES.rows,
        key: agreement,
        value: encodeCbor(row),
      })),
    ]);
    return rows;
  }

  /**
   * Operations that make placements part of a pack. Rows of the pack's intent that none of them uses (a holder failed and another
   * took over) are marked for release.
   */
  async commitOperations(pack: PackId, placements: readonly Placement[]): Promise<readonly MetaOperation[]> {
    const intent = await this.#meta.get(OWNER_TABLES.intents, pack);
    const used = new Set(placements.map(rowKey));
    const unused = (intent ? decodeIntent(intent).rows : []).filter((row) => !used.has(rowKey(row)));
    return [
      ...placements.flatMap(operations.putPlacement),
      ...unused.map(operations.release),
      ...(intent ? [{ kind: 'delete', table: OWNER_TABLES.intents, key: pack } satisfies MetaOperation] : []),
    ];
  }

  /**
   * Makes shards that were brought to other holders part of a pack, and forgets those that they replace, all at once. Rows of the
   * pack's intent that no placement uses are marked for release, and so are `replaced` ones whose holder is there to be told.
   */
  async commitPlacements(
    pack: PackId,
    placements: readonly Placement[],
    replaced: readonly { readonly placement: Placement; readonly release: boolean }[] = [],
  ): Promise<void> {
    const used = new Set(placements.map(rowKey));
    const keys = new Set(placements.map(placementKey));
    await this.#meta.write([
      ...(await this.commitOperations(pack, placements)),
      ...(await this.#awaitNoMore(placements)),
      // A run beside this one may have taken the intent for one that was cut off.
      ...[...used].map((key): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.releases, key })),
      ...replaced
        .map(({ placement }) => placementKey(placement))
        .filter((key) => !keys.has(key))
        .map((key): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.placements, key })),
      ...replaced
        .map(({ placement }) => rowKey(placement))
        .filter((key) => !used.has(key))
        .map((key): MetaOperation => ({ kind: 'delete', table: OWNER_TABLES.ledgers, key })),
      ...replaced.filter(({ release }) => release).map(({ placement }) => operations.release(placement)),
    ]);
  }

  /** What has found a holder is lost if it is missing again: it waits for a first one no more. */
  async #awaitNoMore(placements: readonly Placement[]): Promise<MetaOperation[]> {
    const packs = [...new Set(placements.map(({ packId }) => packId))];
    const rows = await this.#meta.getMany(OWNER_TABLES.packs, packs);
    return rows.flatMap((row) => {
      if (row === undefined || decodePackFacts(row).awaited.length === 0) return [];
      const pack = decodeStoredPack(row);
      const placed = new Set(
        placements.flatMap(({ packId, shard }) => (packId === pack.packId ? [shard] : [])),
      );
      const awaited = pack.awaited.filter((shard) => !placed.has(shard));
      return awaited.length === pack.awaited.length ? [] : [operations.pack({ ...pack, awaited })];
    });
  }

  /** Turns intents of a run that was cut off into rows to be released. */
  async dropIntents(): Promise<number> {
    let dropped = 0;
    for await (const row of scanAll(this.#meta, OWNER_TABLES.intents)) {
      const intent = decodeIntent(row.value);
      await this.#meta.write([
        ...intent.rows.map(operations.release),
        { kind: 'delete', table: OWNER_TABLES.intents, key: row.key },
      ]);
      dropped += intent.rows.length;
    }
    return dropped;
  }

  /** Rows of one agreement that its holder may drop. */
  async releases(agreement: AgreementId): Promise<readonly number[]> {
    const rows: number[] = [];
    for await (const row of scanAll(this.#meta, OWNER_TABLES.releases, { prefix: `${agreement}/` })) {
      rows.push(Number(row.key.slice(agreement.length + 1)));
    }
    return rows;
  }

  async released(agreement: AgreementId, rows: readonly number[]): Promise<void> {
    await writeInBatches(
      this.#meta,
      rows.map((row) => ({ kind: 'delete', table: OWNER_TABLES.releases, key: rowKey({ agreement, row }) })),
    );
  }

  async markForRelease(rows: readonly RowName[]): Promise<void> {
    await writeInBatches(this.#meta, rows.map(operations.release));
  }

  async putPlacements(placements: readonly Placement[]): Promise<void> {
    await writeInBatches(this.#meta, [
      ...placements.flatMap(operations.putPlacement),
      ...(await this.#awaitNoMore(placements)),
    ]);
  }

  /** Forgets placements, save those that have another row by now. */
  async removePlacements(placements: readonly Placement[]): Promise<void> {
    const now = await this.#placementsNow(placements);
    await writeInBatches(
      this.#meta,
      placements
        .filter((p, i) => now[i]?.agreement === p.agreement && now[i].row === p.row)
        .flatMap(operations.dropPlacement),
    );
  }

  /** Those of a holder's rows that no placement and no pack under way knows. */
  async unknownRows(
    agreement: AgreementId,
    rows: readonly Pick<Placement, 'packId' | 'shard' | 'holder' | 'row'>[],
  ): Promise<readonly number[]> {
    if (rows.length === 0) return [];
    // Intents first: what is committed meanwhile is a placement then.
    const underWay = new Set<string>();
    for await (const intent of scanAll(this.#meta, OWNER_TABLES.intents)) {
      for (const taken of decodeIntent(intent.value).rows) underWay.add(rowKey(taken));
    }
    const now = await this.#placementsNow(rows);
    return rows
      .filter(({ row }, i) => !(now[i]?.agreement === agreement && now[i].row === row))
      .map(({ row }) => row)
      .filter((row) => !underWay.has(rowKey({ agreement, row })));
  }

  async #placementsNow(
    places: readonly Pick<Placement, 'packId' | 'shard' | 'holder'>[],
  ): Promise<readonly (Placement | undefined)[]> {
    const rows = await this.#meta.getMany(OWNER_TABLES.placements, places.map(placementKey));
    return rows.map((row) => (row ? decodePlacement(row) : undefined));
  }
}

function readNumber(bytes: Bytes): number {
  const value = decodeOwnCbor(bytes, 16);
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new RoostError('corrupt', 'a local row counter is damaged');
  }
  return value;
}
