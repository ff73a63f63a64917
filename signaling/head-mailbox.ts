import type { Bytes } from '../src/core/bytes.ts';
import { RoostError } from '../src/core/errors.ts';
import type { DeviceId, RendezvousId } from '../src/core/ids.ts';
import { parseDeviceId } from '../src/core/ids.ts';
import { HEADS_PAGE_ENTRIES } from '../src/core/wire/broker-limits.ts';
import type { Engine } from './engine.ts';
import { HEADS_PER_DEVICE, HEADS_PER_ID, HEAD_KEEP_MS } from './limits.ts';

const NOTHING: Bytes = new Uint8Array(0);

/** Sealed heads that devices left; we can neither read them nor tell whose account they are of. */
export class HeadMailbox {
  readonly #engine: Engine;
  readonly #now: () => number;

  constructor(engine: Engine, now: () => number) {
    this.#engine = engine;
    this.#now = now;
  }

  /**
   * Keeps the head in place of the device's former one under this id.
   * @throws RoostError 'full' when the id or the device has too many
   */
  async leave(device: DeviceId, id: RendezvousId, head: Bytes): Promise<void> {
    const key = `${id}/${device}`;
    if ((await this.#engine.get('head', key)) === undefined) {
      const ofId = await this.#engine.list('head', { prefix: `${id}/`, limit: HEADS_PER_ID });
      if (ofId.length >= HEADS_PER_ID) {
        throw new RoostError('full', `the mailbox keeps ${HEADS_PER_ID} heads of one account, got one more`);
      }
      const ofDevice = await this.#engine.list('left', { prefix: `${device}/`, limit: HEADS_PER_DEVICE });
      if (ofDevice.length >= HEADS_PER_DEVICE && ofDevice.every((row) => row.key !== `${device}/${id}`)) {
        throw new RoostError(
          'full',
          `the mailbox keeps ${HEADS_PER_DEVICE} heads of one device, got one more`,
        );
      }
    }
    const keep = { expiresAt: this.#now() + HEAD_KEEP_MS };
    await this.#engine.put('head', key, head, keep);
    await this.#engine.put('left', `${device}/${id}`, NOTHING, keep);
  }

  /** A page of the heads under an id. */
  async page(
    id: RendezvousId,
    after: DeviceId | undefined,
  ): Promise<{ readonly heads: readonly Bytes[]; readonly next: DeviceId | undefined }> {
    const rows = await this.#engine.list('head', {
      prefix: `${id}/`,
      ...(after === undefined ? {} : { after: `${id}/${after}` }),
      limit: HEADS_PAGE_ENTRIES + 1,
    });
    const page = rows.slice(0, HEADS_PAGE_ENTRIES);
    const last = page.at(-1)?.key.slice(id.length + 1);
    return {
      heads: page.map(({ value }) => value),
      next: rows.length > page.length && last !== undefined ? parseDeviceId(last) : undefined,
    };
  }
}
