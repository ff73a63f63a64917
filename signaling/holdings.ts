import { concatBytes } from '../src/core/bytes.ts';
import type { Bytes } from '../src/core/bytes.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../src/core/ids.ts';
import { idBytes, parseCooperativeId, parseDeviceId, rendezvousIdFromBytes } from '../src/core/ids.ts';
import type { FoundRecord } from '../src/core/wire/broker-records.ts';
import type { Engine } from './engine.ts';
import { FOUND_MAX, HOLDING_KEEP_MS } from './limits.ts';
import type { Presence } from './presence.ts';

const ID_BYTES = 32;
const NOTHING: Bytes = new Uint8Array(0);
/** Rows are written again when this share of their time is over. */
const RENEW_SHARE = 0.5;

/** Which device keeps heads under which rendezvous id. */
export class Holdings {
  readonly #engine: Engine;
  readonly #presence: Presence;
  readonly #now: () => number;

  constructor(engine: Engine, presence: Presence, now: () => number) {
    this.#engine = engine;
    this.#presence = presence;
    this.#now = now;
  }

  /** Replaces what the device announced for this cooperative before. */
  async replace(device: DeviceId, cooperative: CooperativeId, ids: readonly RendezvousId[]): Promise<void> {
    const now = this.#now();
    const heldKey = `${device}/${cooperative}`;
    const held = await this.#engine.get('held', heldKey);
    const before = held === undefined ? { at: 0, ids: new Set<RendezvousId>() } : decodeHeld(held.value);
    const fresh = now - before.at < HOLDING_KEEP_MS * RENEW_SHARE;
    const wanted = new Set(ids);
    const key = (id: RendezvousId): string => `${id}/${device}/${cooperative}`;
    for (const id of before.ids) if (!wanted.has(id)) await this.#engine.remove('holding', key(id));
    const missing = [...wanted].filter((id) => !fresh || !before.ids.has(id));
    const keep = { expiresAt: (fresh ? before.at : now) + HOLDING_KEEP_MS };
    for (const id of missing) await this.#engine.put('holding', key(id), NOTHING, keep);
    await this.#engine.put('held', heldKey, encodeHeld(fresh ? before.at : now, [...wanted]), keep);
  }

  /** Devices that keep heads under this id, those online first. */
  async lookup(id: RendezvousId): Promise<readonly FoundRecord[]> {
    const rows = await this.#engine.list('holding', { prefix: `${id}/`, limit: FOUND_MAX });
    const found = await Promise.all(
      rows.map(async ({ key }): Promise<FoundRecord> => {
        const [, holder = '', cooperative = ''] = key.split('/');
        const device = parseDeviceId(holder);
        const online = await this.#presence.online(device);
        return { cooperative: parseCooperativeId(cooperative), device, online };
      }),
    );
    return found.sort((a, b) => Number(b.online) - Number(a.online));
  }
}

/** u64 time of the last writing ‖ 32-byte ids. */
function encodeHeld(at: number, ids: readonly RendezvousId[]): Bytes {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(Math.floor(at)));
  return concatBytes(time, ...ids.map(idBytes));
}

function decodeHeld(bytes: Bytes): { readonly at: number; readonly ids: ReadonlySet<RendezvousId> } {
  const at = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(0));
  const ids = new Set<RendezvousId>();
  for (let offset = 8; offset < bytes.length; offset += ID_BYTES) {
    ids.add(rendezvousIdFromBytes(bytes.subarray(offset, offset + ID_BYTES)));
  }
  return { at, ids };
}
