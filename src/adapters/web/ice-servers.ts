import { messageOf } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Rendezvous } from '../../ports/rendezvous.ts';
import type { PeerJsTransport } from './peerjs-transport.ts';

/** TURN credentials live for hours; they are renewed long before their end. */
const REFRESH_MS = 30 * 60_000;

/** Asks the broker for STUN and TURN servers each time it is there, and now and then, until the transport is closed. */
export function keepIceServers(
  rendezvous: Pick<Rendezvous, 'status' | 'onStatus' | 'iceServers'>,
  transport: Pick<PeerJsTransport, 'closed' | 'setIceServers'>,
  clock: Clock,
  log: Log,
): void {
  let cancelRefresh: () => void = () => undefined;
  const refresh = async (): Promise<void> => {
    cancelRefresh();
    if (transport.closed) {
      stop();
      return;
    }
    cancelRefresh = clock.after(REFRESH_MS, () => void refresh());
    if (!rendezvous.status.online) return;
    try {
      transport.setIceServers(await rendezvous.iceServers());
    } catch (error) {
      log.debug('ice-servers-unknown', { reason: messageOf(error) });
    }
  };
  const stop = rendezvous.onStatus(({ online }) => {
    if (online) void refresh();
  });
  void refresh();
}
