import { randomUUID } from 'node:crypto';
import type { Bytes } from '../src/core/bytes.ts';
import type { DeviceId } from '../src/core/ids.ts';
import { parseDeviceId } from '../src/core/ids.ts';
import { EMPTY_HISTORY, reliabilityOf, withOnline } from '../src/core/placement/reliability.ts';
import { decodeUtf8, encodeUtf8 } from '../src/core/utf8.ts';
import type { Engine } from './engine.ts';
import { HISTORY_KEEP_MS } from './limits.ts';
import type { Observed } from './observed.ts';
import { decodeObserved, encodeObserved } from './observed.ts';

export type SocketKind = 'signaling' | 'rendezvous';

const TOPIC = 'presence';
const NOTHING: Bytes = new Uint8Array(0);
/** The broker's own record among the devices'. */
const SELF = 'broker';
/** A broker instance that died is believed for so long. */
const PRESENCE_KEEP_MS = 90_000;
const REFRESH_MS = 30_000;
/** Time online is written down this often, so that a crash forgets little. */
const ACCOUNT_MS = 300_000;

interface Here {
  readonly kinds: Map<SocketKind, number>;
  /** since when its time online is not yet written down */
  since: number;
}

/** Who is connected, to any instance of this broker, and how much each was over the last days. */
export class Presence {
  readonly #engine: Engine;
  readonly #now: () => number;
  readonly #instance = randomUUID();
  readonly #here = new Map<DeviceId, Here>();
  readonly #handlers = new Set<(device: DeviceId) => void>();
  readonly #timers: NodeJS.Timeout[];
  readonly #unsubscribe: () => void;
  #selfSince: number;
  #self: Observed = { seenAt: 0, history: EMPTY_HISTORY };

  private constructor(engine: Engine, now: () => number, onFault: (error: unknown) => void) {
    this.#engine = engine;
    this.#now = now;
    this.#selfSince = now();
    this.#unsubscribe = engine.subscribe(TOPIC, (message) => {
      const device = parseDeviceId(decodeUtf8(message));
      for (const handler of this.#handlers) handler(device);
    });
    this.#timers = [
      setInterval(() => void this.#refresh().catch(onFault), REFRESH_MS),
      setInterval(() => void this.account().catch(onFault), ACCOUNT_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  static async open(engine: Engine, now: () => number, onFault: (error: unknown) => void): Promise<Presence> {
    const presence = new Presence(engine, now, onFault);
    presence.#self = await presence.#observed(SELF);
    return presence;
  }

  /** A socket of the device proved its id. */
  async arrived(device: DeviceId, kind: SocketKind): Promise<void> {
    const here: Here = this.#here.get(device) ?? { kinds: new Map(), since: this.#now() };
    this.#here.set(device, here);
    const before = here.kinds.get(kind) ?? 0;
    here.kinds.set(kind, before + 1);
    if (before > 0) return;
    await this.#engine.put('presence', this.#key(device, kind), NOTHING, {
      expiresAt: this.#now() + PRESENCE_KEEP_MS,
    });
    this.#changed(device);
  }

  /** A socket of the device is gone. */
  async left(device: DeviceId, kind: SocketKind): Promise<void> {
    const here = this.#here.get(device);
    const before = here?.kinds.get(kind) ?? 0;
    if (here === undefined || before === 0) return;
    if (before > 1) {
      here.kinds.set(kind, before - 1);
      return;
    }
    here.kinds.delete(kind);
    if (here.kinds.size === 0) this.#here.delete(device);
    const to = this.#now();
    await this.#engine.remove('presence', this.#key(device, kind));
    if (here.kinds.size === 0) await this.#addOnline(device, here.since, to);
    this.#changed(device);
  }

  /** Whether the device has a socket (of this kind) with any instance. */
  async online(device: DeviceId, kind?: SocketKind): Promise<boolean> {
    const here = this.#here.get(device);
    if (here !== undefined && (kind === undefined || here.kinds.has(kind))) return true;
    const prefix = kind === undefined ? `${device}/` : `${device}/${kind}/`;
    return (await this.#engine.list('presence', { prefix, limit: 1 })).length > 0;
  }

  /** When the device was last online, and its share of the last 30 days. */
  async record(device: DeviceId): Promise<{ readonly seenAt: number; readonly reliability: number }> {
    const now = this.#now();
    const here = this.#here.get(device);
    const { seenAt, history } = await this.#observed(device);
    const upToNow = here === undefined ? history : withOnline(history, here.since, now);
    const broker = withOnline(this.#self.history, this.#selfSince, now);
    return { seenAt: here === undefined ? seenAt : now, reliability: reliabilityOf(upToNow, broker, now) };
  }

  /** Called when a socket of a device came or went. */
  onChange(handler: (device: DeviceId) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Writes down the time online up to now. */
  async account(): Promise<void> {
    const now = this.#now();
    for (const [device, here] of this.#here) {
      const { since } = here;
      here.since = now;
      await this.#addOnline(device, since, now);
    }
    const since = this.#selfSince;
    this.#selfSince = now;
    this.#self = await this.#addOnline(SELF, since, now);
  }

  /** Everything connected here counts as gone. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.account();
    for (const [device, { kinds }] of this.#here) {
      for (const kind of kinds.keys()) await this.#engine.remove('presence', this.#key(device, kind));
    }
    this.#here.clear();
    this.#unsubscribe();
  }

  #changed(device: DeviceId): void {
    this.#engine.publish(TOPIC, encodeUtf8(device));
  }

  #key(device: DeviceId, kind: SocketKind): string {
    return `${device}/${kind}/${this.#instance}`;
  }

  async #refresh(): Promise<void> {
    const expiresAt = this.#now() + PRESENCE_KEEP_MS;
    for (const [device, { kinds }] of [...this.#here]) {
      for (const kind of kinds.keys()) {
        await this.#engine.put('presence', this.#key(device, kind), NOTHING, { expiresAt });
      }
    }
  }

  async #observed(key: DeviceId | typeof SELF): Promise<Observed> {
    const stored = await this.#engine.get('history', key);
    return stored === undefined ? { seenAt: 0, history: EMPTY_HISTORY } : decodeObserved(stored.value);
  }

  /** Adds an interval to a record that other instances may write as well. */
  async #addOnline(key: DeviceId | typeof SELF, from: number, to: number): Promise<Observed> {
    for (;;) {
      const stored = await this.#engine.get('history', key);
      const before = stored === undefined ? undefined : decodeObserved(stored.value);
      const after: Observed = {
        seenAt: Math.max(to, before?.seenAt ?? 0),
        history: withOnline(before?.history ?? EMPTY_HISTORY, from, to),
      };
      const keep = { expiresAt: to + HISTORY_KEEP_MS };
      const written = await this.#engine.compareAndSwap(
        'history',
        key,
        stored?.revision ?? 0,
        encodeObserved(after),
        keep,
      );
      if (written) return after;
    }
  }
}
