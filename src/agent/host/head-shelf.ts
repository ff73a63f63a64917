import type { Bytes } from '../../core/bytes.ts';
import { equalBytes } from '../../core/bytes.ts';
import { encodeCbor } from '../../core/cbor.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountId, DeviceId, RendezvousId } from '../../core/ids.ts';
import { parseAccountId, parseRendezvousId } from '../../core/ids.ts';
import { HEADS_MAX } from '../../core/wire/limits.ts';
import type { MetaStore } from '../../ports/meta-store.ts';
import { Limiter } from '../../core/limiter.ts';
import { scanAll } from '../store/paging.ts';
import { asBytes, asNumber, readRecord } from '../store/records.ts';
import { TABLES } from '../store/tables.ts';

/** An account has one rendezvous id; the spare ones are for a change of the derivation, not for floods. */
const RENDEZVOUS_PER_ACCOUNT_MAX = 4;

/** What the shelf needs to know of a head; its sealed part is the owner's business. */
export interface HeadLabel {
  readonly account: AccountId;
  readonly device: DeviceId;
  readonly seq: number;
}

/** Newest heads that owners have left here: one for each device of an account. */
export class HeadShelf {
  readonly #meta: MetaStore;
  readonly #oneByOne = new Limiter(1);
  /** devices whose heads are here, by rendezvous id and account */
  readonly #devices = new Map<string, Set<string>>();

  private constructor(meta: MetaStore) {
    this.#meta = meta;
  }

  static async open(meta: MetaStore): Promise<HeadShelf> {
    const shelf = new HeadShelf(meta);
    for await (const { key } of scanAll(meta, TABLES.heldHeads)) shelf.#note(key);
    return shelf;
  }

  /** Rendezvous ids under which heads are kept, ascending. */
  holdings(): readonly RendezvousId[] {
    const ids = new Set(
      [...this.#devices.keys()].map((shelf) => parseRendezvousId(shelf.slice(0, shelf.indexOf('/')))),
    );
    return [...ids].sort();
  }

  /**
   * Keeps a head when it is newer than the one here; resolves when durable.
   * @returns whether the rendezvous id is new here
   * @throws RoostError 'refused' for a lower or equal `seq`, or when there are too many
   */
  put(rendezvous: RendezvousId, label: HeadLabel, head: Bytes): Promise<boolean> {
    return this.#oneByOne.run(async () => {
      const shelf = `${rendezvous}/${label.account}`;
      const key = `${shelf}/${label.device}`;
      const there = await this.#meta.get(TABLES.heldHeads, key);
      if (there !== undefined) {
        const known = readHeld(there);
        if (known.seq === label.seq && equalBytes(known.head, head)) return false;
        if (known.seq >= label.seq) {
          throw new RoostError('refused', `head must be newer than number ${known.seq}, got ${label.seq}`);
        }
      } else {
        this.#checkRoom(shelf, label.account);
      }
      const value = encodeCbor([label.seq, head]);
      await this.#meta.write([{ kind: 'put', table: TABLES.heldHeads, key, value }]);
      const before = this.#devices.size;
      this.#note(key);
      return this.#devices.size > before;
    });
  }

  /** The heads that an account has here. */
  async list(rendezvous: RendezvousId, account: AccountId): Promise<readonly Bytes[]> {
    const heads: Bytes[] = [];
    const prefix = `${rendezvous}/${account}/`;
    for await (const { value } of scanAll(this.#meta, TABLES.heldHeads, { prefix }))
      heads.push(readHeld(value).head);
    return heads;
  }

  #checkRoom(shelf: string, account: AccountId): void {
    const devices = this.#devices.get(shelf)?.size ?? 0;
    if (devices >= HEADS_MAX) {
      throw new RoostError('refused', `at most ${HEADS_MAX} devices of an account may leave heads here`);
    }
    const shelves = [...this.#devices.keys()].filter((other) => accountOf(other) === account);
    if (devices === 0 && shelves.length >= RENDEZVOUS_PER_ACCOUNT_MAX) {
      throw new RoostError(
        'refused',
        `at most ${RENDEZVOUS_PER_ACCOUNT_MAX} rendezvous ids of an account are kept`,
      );
    }
  }

  #note(key: string): void {
    const [rendezvous, account, device] = key.split('/');
    if (rendezvous === undefined || account === undefined || device === undefined) {
      throw new RoostError('corrupt', 'local record of a head has a damaged key');
    }
    const shelf = `${rendezvous}/${account}`;
    const devices = this.#devices.get(shelf) ?? new Set();
    this.#devices.set(shelf, devices.add(device));
  }
}

function accountOf(shelf: string): AccountId {
  return parseAccountId(shelf.slice(shelf.indexOf('/') + 1));
}

function readHeld(value: Bytes): { readonly seq: number; readonly head: Bytes } {
  return readRecord('a head', value, (fields) => ({ seq: asNumber(fields[0]), head: asBytes(fields[1]) }));
}
