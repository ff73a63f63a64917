import type { Bytes } from '../src/core/bytes.ts';
import { faultOf, messageOf } from '../src/core/errors.ts';
import type { CooperativeId, DeviceId } from '../src/core/ids.ts';
import { DIRECTORY_PAGE_ENTRIES } from '../src/core/wire/broker-limits.ts';
import { encodeDirectoryPush } from '../src/core/wire/broker.ts';
import type { BrokerContext } from './broker-context.ts';
import type { Directory } from './directory.ts';
import { WATCHES_PER_SOCKET } from './limits.ts';

/** Changes are gathered so long: a cooperative that comes back together is told in one frame. */
const GATHER_MS = 200;

/** The directories one device watches, and what of them it has not been told yet. */
export class DirectoryPushes {
  readonly #context: BrokerContext;
  readonly #directory: Directory;
  readonly #device: DeviceId;
  readonly #send: (frame: Bytes) => void;
  readonly #watches = new Map<CooperativeId, () => void>();
  readonly #pending = new Map<CooperativeId, Set<DeviceId>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(context: BrokerContext, directory: Directory, device: DeviceId, send: (frame: Bytes) => void) {
    this.#context = context;
    this.#directory = directory;
    this.#device = device;
    this.#send = send;
  }

  watch(cooperative: CooperativeId): void {
    if (this.#watches.has(cooperative) || this.#watches.size >= WATCHES_PER_SOCKET) return;
    this.#watches.set(
      cooperative,
      this.#directory.watch(cooperative, { changed: (c, d) => this.#changed(c, d) }),
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const end of this.#watches.values()) end();
    this.#watches.clear();
    this.#pending.clear();
  }

  #changed(cooperative: CooperativeId, device: DeviceId): void {
    // A device knows what it said itself.
    if (device === this.#device) return;
    const devices = this.#pending.get(cooperative) ?? new Set();
    this.#pending.set(cooperative, devices.add(device));
    this.#timer ??= setTimeout(() => void this.#flush(), GATHER_MS);
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [cooperative, devices] of pending) {
      try {
        await this.#tell(cooperative, [...devices]);
      } catch (error) {
        // Refused: it is no member any more. Anything else is ours, and a new directory() repairs it.
        if (faultOf(error) === 'refused') this.#unwatch(cooperative);
        else this.#context.log.error('push', { message: messageOf(error) });
      }
    }
  }

  async #tell(cooperative: CooperativeId, devices: readonly DeviceId[]): Promise<void> {
    await this.#directory.requireListed(cooperative, this.#device);
    for (let at = 0; at < devices.length; at += DIRECTORY_PAGE_ENTRIES) {
      const page = devices.slice(at, at + DIRECTORY_PAGE_ENTRIES);
      const entries = await Promise.all(page.map((device) => this.#directory.entry(cooperative, device)));
      const present = entries.filter((entry) => entry !== undefined);
      if (present.length > 0 && this.#watches.has(cooperative))
        this.#send(encodeDirectoryPush(cooperative, present));
    }
  }

  #unwatch(cooperative: CooperativeId): void {
    this.#watches.get(cooperative)?.();
    this.#watches.delete(cooperative);
  }
}
