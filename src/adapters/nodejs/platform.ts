import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBrokerUrl } from '../../core/wire/broker-auth.ts';
import type { Log } from '../../ports/log.ts';
import type { NetworkIdentity, Platform } from '../../ports/platform.ts';
import { connectRendezvous } from '../websocket/rendezvous-client.ts';
import { createCodecPool } from './codec-pool.ts';
import { createNodeCryptoSuite } from './crypto-suite.ts';
import { syncFolder } from './durable-files.ts';
import { FileBlobStore } from './file-blob-store.ts';
import { FileKeyVault } from './file-key-vault.ts';
import { lockHome } from './home-lock.ts';
import type { IceServer } from './ice-servers.ts';
import { createJsonLog } from './json-log.ts';
import { RtcTransport } from './rtc-transport.ts';
import { SqliteMetaStore } from './sqlite-meta-store.ts';
import { systemClock } from './system-clock.ts';
import { systemRandom } from './system-random.ts';
import { VERSION } from './version.ts';

const KEYS = 'keys';
const DATABASE = 'meta.sqlite';
const VOLUMES = 'volumes';
const SYSTEMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'linux',
  win32: 'windows',
  darwin: 'macos',
  android: 'android',
};

export interface NodePlatformOptions {
  /** folder of all state, made when missing; one process at a time may use it */
  readonly home: string;
  /** address of the broker */
  readonly broker: string;
  /** warnings to stderr when left out */
  readonly log?: Log;
  /** STUN and TURN servers; those that the broker names when left out */
  readonly iceServers?: readonly IceServer[];
  /** codec threads at most; one for each core when left out */
  readonly threads?: number;
}

export interface NodePlatform extends Platform {
  /** Ends everything and lets the home go. */
  close(): Promise<void>;
}

/**
 * What Node.js gives an agent: `home/keys/keys.json`, `home/meta.sqlite` and `home/volumes`.
 * @throws RoostError 'busy' when another process uses the home, 'malformed' (the broker's address), 'denied', 'corrupt'
 */
export async function createNodePlatform(options: NodePlatformOptions): Promise<NodePlatform> {
  const { home, log = createJsonLog('warn') } = options;
  const { origin, path } = parseBrokerUrl(options.broker);
  const lock = await lockHome(home);
  // Ended in the opposite order.
  const endings: (() => Promise<void>)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (let end = endings.pop(); end !== undefined; end = endings.pop()) await end();
  };
  try {
    const crypto = createNodeCryptoSuite();
    const meta = new SqliteMetaStore(join(home, DATABASE));
    endings.push(() => meta.close());
    const blobs = await FileBlobStore.open(join(home, VOLUMES));
    endings.push(() => blobs.close());
    const codec = createCodecPool(options.threads === undefined ? {} : { size: options.threads });
    endings.push(() => codec.close());
    return {
      crypto,
      clock: systemClock,
      random: systemRandom,
      log,
      vault: new FileKeyVault(join(home, KEYS, 'keys.json'), crypto),
      meta,
      blobs,
      codec,
      network: async (identity) => {
        const network = await openNetwork(options, log, identity);
        endings.push(() => network.rendezvous.close());
        endings.push(() => network.transport.close());
        return network;
      },
      wipe: async () => {
        // The home itself stays ours until `close`.
        await Promise.all([meta.close(), blobs.close()]);
        for (const name of [KEYS, DATABASE, `${DATABASE}-wal`, `${DATABASE}-shm`, VOLUMES]) {
          await rm(join(home, name), { recursive: true, force: true });
        }
        await syncFolder(home);
      },
      origin: `${origin}${path.replace(/\/$/, '')}`,
      about: {
        family: 'nodejs',
        system: SYSTEMS[process.platform] ?? 'other',
        // getTimezoneOffset counts west of UTC
        zone: -new Date().getTimezoneOffset(),
        version: VERSION,
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openNetwork(
  { broker: url, iceServers }: NodePlatformOptions,
  log: Log,
  identity: NetworkIdentity,
): ReturnType<Platform['network']> {
  const common = { url, identity, clock: systemClock, random: systemRandom, log };
  const rendezvous = await connectRendezvous({ ...common, WebSocket });
  const transport = new RtcTransport({
    ...common,
    iceServers: async () => iceServers ?? (await rendezvous.iceServers()),
  });
  return { transport, rendezvous };
}
