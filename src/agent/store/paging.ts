import type { MetaOperation, MetaRow, MetaStore, ScanRange } from '../../ports/meta-store.ts';

/** Rows read in one call while going through a table. */
const PAGE_ROWS = 1_000;
/** The same for tables that may have hundreds of thousands of small rows: they are to be read in few calls. */
export const LONG_PAGE_ROWS = 5_000;
/** Operations of one atomic write that are not needed to stand or fall together. */
const WRITE_BATCH = 2_000;

/**
 * All rows of a table whose keys begin with `prefix`, ascending, starting after key `after`.
 * @param range its `limit` is for one call
 */
export async function* scanAll(
  meta: MetaStore,
  table: string,
  range: Partial<ScanRange> = {},
): AsyncGenerator<MetaRow> {
  for await (const page of scanPages(meta, table, range)) yield* page;
}

/** As `scanAll`, as many rows at a time as one call gives. No page is empty. */
export async function* scanPages(
  meta: MetaStore,
  table: string,
  { limit = PAGE_ROWS, ...range }: Partial<ScanRange> = {},
): AsyncGenerator<readonly MetaRow[]> {
  let rest = range;
  for (;;) {
    const page = await meta.scan(table, { ...rest, limit });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return;
    rest = { ...range, after: last.key };
  }
}

/** Writes any number of operations; a crash may leave the first of them written alone. */
export async function writeInBatches(
  meta: MetaStore,
  operations: readonly MetaOperation[],
  options: { readonly durable?: boolean } = {},
): Promise<void> {
  for (let i = 0; i < operations.length; i += WRITE_BATCH) {
    await meta.write(operations.slice(i, i + WRITE_BATCH), options);
  }
}
