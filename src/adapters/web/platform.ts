import { createWebCryptoSuite } from '../../core/crypto/webcrypto.ts';
import type { Log } from '../../ports/log.ts';
import type { Platform } from '../../ports/platform.ts';
import { connectRendezvous } from '../websocket/rendezvous-client.ts';
import { browserFamily, operatingSystem } from './about.ts';
import { browserFault } from './browser-fault.ts';
import { CodecPool } from './codec-pool.ts';
import { deleteDatabase } from './idb-database.ts';
import { IdbKeyVault } from './idb-key-vault.ts';
import { IdbMetaStore } from './idb-meta-store.ts';
import { keepIceServers } from './ice-servers.ts';
import { OpfsBlobStore } from './opfs-blob-store.ts';
import { PeerJsTransport } from './peerjs-transport.ts';
import { createSystemClock } from './system-clock.ts';
import { systemRandom } from './system-random.ts';
import { createTimers } from './timers.ts';

/** Names of what this origin keeps. */
const KEYS_DATABASE = 'roost-keys';
const ROWS_DATABASE = 'roost-rows';
const VOLUMES_FOLDER = 'roost-volumes';

export interface WebPlatform extends Platform {
  /** Gives the stores free for the next tab that leads; to be called after the agent has stopped. */
  close(): Promise<void>;
}

export interface WebPlatformOptions {
  /** address of app and broker, e.g. https://roost.example; usually the page's own */
  readonly origin: string;
  readonly version: string;
  readonly log: Log;
}

/**
 * What this browser gives an agent. Only the leading tab makes one: it opens the stores for itself.
 *
 * @throws RoostError 'busy' when another tab has the stores open, 'denied' where the browser refuses storage
 */
export async function createWebPlatform({ origin, version, log }: WebPlatformOptions): Promise<WebPlatform> {
  const suite = createWebCryptoSuite(crypto.subtle);
  const timers = createTimers();
  const clock = createSystemClock(timers);
  const [vault, meta] = await Promise.all([
    IdbKeyVault.open(KEYS_DATABASE, suite),
    IdbMetaStore.open(ROWS_DATABASE),
  ]);
  const blobs = new OpfsBlobStore(VOLUMES_FOLDER);
  const codec = new CodecPool();
  const close = async (): Promise<void> => {
    await Promise.all([blobs.close(), meta.close(), codec.close()]);
    vault.close();
    timers.close();
  };
  return {
    origin,
    crypto: suite,
    clock,
    random: systemRandom,
    log,
    vault,
    meta,
    blobs,
    codec,
    async network(identity) {
      const rendezvous = await connectRendezvous({
        url: origin,
        identity,
        clock,
        random: systemRandom,
        log,
        WebSocket,
      });
      const transport = new PeerJsTransport({
        broker: origin,
        identity,
        clock,
        random: systemRandom,
        log,
        iceServers: 'later',
      });
      keepIceServers(rendezvous, transport, clock, log);
      return { transport, rendezvous };
    },
    about: {
      family: browserFamily(navigator.userAgent),
      system: operatingSystem(navigator.userAgent, navigator.maxTouchPoints),
      zone: -new Date().getTimezoneOffset(),
      version,
    },
    close,
    async wipe() {
      await close();
      await Promise.all([
        deleteDatabase(KEYS_DATABASE),
        deleteDatabase(ROWS_DATABASE),
        deleteFolder(VOLUMES_FOLDER),
      ]);
    },
  };
}

async function deleteFolder(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  try {
    await root.removeEntry(name, { recursive: true });
  } catch (error) {
    const fault = browserFault('removing the volumes', error);
    if (fault.fault !== 'not-found') throw fault;
  }
}
