import { randomUUID } from 'node:crypto';
import type { DeviceId } from '../src/core/ids.ts';
import { decodeUtf8, encodeUtf8 } from '../src/core/utf8.ts';
import type { BrokerContext } from './broker-context.ts';
import type { GuardedSocket } from './guarded-socket.ts';
import { CLOSE } from './guarded-socket.ts';
import type { SocketKind } from './presence.ts';

/**
 * Makes this socket the one of its device and kind, at any instance: an older one is closed. Its device counts as present until
 * the socket closes.
 */
export async function claim(
  context: BrokerContext,
  socket: GuardedSocket,
  device: DeviceId,
  kind: SocketKind,
): Promise<void> {
  const { engine, presence, metrics, log } = context;
  const topic = `claim/${kind}/${device}`;
  const token = randomUUID();
  engine.publish(topic, encodeUtf8(token));
  const release = engine.subscribe(topic, (message) => {
    if (decodeUtf8(message) !== token) socket.close(CLOSE.replaced, 'this device connected again');
  });
  const arrived = presence.arrived(device, kind);
  metrics.add('roost_broker_sockets', { kind });
  socket.onClose(() => {
    release();
    metrics.add('roost_broker_sockets', { kind }, -1);
    arrived
      .then(() => presence.left(device, kind))
      .catch((error: unknown) => log.error('presence', { message: String(error) }));
  });
  await arrived;
}
