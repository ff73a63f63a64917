import type { BlobStore } from '../../ports/blob-store.ts';
import type { MetaOperation, MetaStore } from '../../ports/meta-store.ts';
import { TABLES } from '../store/tables.ts';
import type { HeldRow } from './held-row.ts';
import { decodeHeldRow, encodeHeldRow, volumeRowKey } from './held-row.ts';

const NOTHING = new Uint8Array(0);

/** The rows as a change sees them: as durable, with the earlier changes of the same batch on top. */
export interface RowView {
  get(key: string): Promise<HeldRow | undefined>;
  set(key: string, row: HeldRow | undefined): void;
}

/** One change of rows. All changes run one after another, so what `apply` reads stays true until it is durable. */
export interface Change<T> {
  /** volume whose bytes the change refers to: flushed first */
  readonly volume?: string;
  /** Reads, then sets; whatever it throws reaches the caller and leaves the batch as it was. */
  apply(view: RowView): Promise<T>;
}

/** Called for each row of a batch once the batch is durable. */
export type OnRowChange = (before: HeldRow | undefined, after: HeldRow | undefined) => void;

interface Waiting {
  readonly volume: string | undefined;
  /** Puts the change on the view; returns what tells the caller once the batch is durable. */
  readonly apply: (view: RowView) => Promise<() => void>;
  readonly fail: (error: unknown) => void;
}

interface Touched {
  readonly before: HeldRow | undefined;
  after: HeldRow | undefined;
}

/** Group commit: all changes that wait share one flush of each volume and one durable batch. */
export class CommitQueue {
  readonly #blobs: BlobStore;
  readonly #meta: MetaStore;
  readonly #onChange: OnRowChange;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(blobs: BlobStore, meta: MetaStore, onChange: OnRowChange) {
    this.#blobs = blobs;
    this.#meta = meta;
    this.#onChange = onChange;
  }

  /** Resolves with what `apply` returned once it is durable. */
  run<T>(change: Change<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        volume: change.volume,
        apply: async (view) => {
          const result = await change.apply(view);
          return () => {
            resolve(result);
          };
        },
        fail: reject,
      });
      this.#running ??= this.#work();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#commit(batch);
    }
    this.#running = undefined;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const touched = new Map<string, Touched>();
    const done: { readonly tell: () => void; readonly fail: (error: unknown) => void }[] = [];
    for (const { apply, fail } of await this.#flushed(batch)) {
      try {
        done.push({ tell: await apply(this.#view(touched)), fail });
      } catch (error) {
        fail(error);
      }
    }
    try {
      const operations = [...touched].flatMap(([key, change]) => operationsOf(key, change));
      if (operations.length > 0) await this.#meta.write(operations);
    } catch (error) {
      for (const { fail } of done) fail(error);
      return;
    }
    for (const { before, after } of touched.values()) if (before !== after) this.#onChange(before, after);
    for (const { tell } of done) tell();
  }

  /** Flushes each volume once; changes of a volume that cannot be flushed fail. */
  async #flushed(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    const volumes = [...new Set(batch.flatMap(({ volume }) => volume ?? []))];
    const failed = new Map<string, unknown>();
    await Promise.all(
      volumes.map((volume) =>
        this.#blobs.flush(volume).catch((error: unknown) => void failed.set(volume, error)),
      ),
    );
    return batch.filter(({ volume, fail }) => {
      if (volume === undefined || !failed.has(volume)) return true;
      fail(failed.get(volume));
      return false;
    });
  }

  #view(touched: Map<string, Touched>): RowView {
    const load = async (key: string): Promise<Touched> => {
      const known = touched.get(key);
      if (known) return known;
      const bytes = await this.#meta.get(TABLES.heldRows, key);
      const before = bytes === undefined ? undefined : decodeHeldRow(bytes);
      const fresh = { before, after: before };
      touched.set(key, fresh);
      return fresh;
    };
    return {
      get: async (key) => (await load(key)).after,
      set: (key, row) => {
        const known = touched.get(key);
        if (known === undefined) throw new TypeError(`row ${key} was set before it was read`);
        known.after = row;
      },
    };
  }
}

function operationsOf(key: string, { before, after }: Touched): MetaOperation[] {
  if (before === after) return [];
  const operations: MetaOperation[] = [];
  if (before && !before.lost) {
    operations.push({ kind: 'delete', table: TABLES.heldVolumes, key: volumeRowKey(before) });
  }
  if (after && !after.lost) {
    operations.push({ kind: 'put', table: TABLES.heldVolumes, key: volumeRowKey(after), value: NOTHING });
  }
  operations.push(
    after
      ? { kind: 'put', table: TABLES.heldRows, key, value: encodeHeldRow(after) }
      : { kind: 'delete', table: TABLES.heldRows, key },
  );
  return operations;
}
