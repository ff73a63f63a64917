import type { Bytes } from '../core/bytes.ts';
import type { DeviceId } from '../core/ids.ts';
import type { Cancellable } from '../core/progress.ts';

/**
 * Ordered, reliable message channels between devices (WebRTC data channels). The transport proves nothing about who is at
 * the other end: the session handshake (src/core/wire/handshake.ts) does, binding `binding` of both ends.
 */
export interface Transport {
  /**
   * Opens a channel to a device.
   * @throws RoostError 'unreachable' when the device or the broker does not answer, 'timeout', 'aborted'
   */
  connect(device: DeviceId, options?: Cancellable): Promise<Channel>;
  /** Called for each incoming channel once it is open. One handler; returns a function that takes it away. */
  onIncoming(handler: (channel: Channel) => void): () => void;
  close(): Promise<void>;
}

export interface Channel {
  /** the device the broker says is there; not proved */
  readonly claimed: DeviceId;
  /** true on the side that called `connect` */
  readonly initiator: boolean;
  /** DTLS fingerprints, 32 bytes each (SHA-256), as this end sees them */
  readonly binding: { readonly local: Bytes; readonly remote: Bytes };
  /**
   * true when this channel tells both ends by itself, within seconds, that the other end has died or the way to it is cut; left out,
   * only an answer shows that somebody is there
   */
  readonly tellsDeath?: boolean;
  /** largest message `send` takes, at least FRAME_MAX_BYTES */
  readonly maxMessageBytes: number;
  /** Queues a copy of one message, so that its bytes may be used again at once; throws RoostError 'unreachable' when closed. */
  send(message: Bytes): void;
  /** bytes queued and not yet on the wire */
  readonly bufferedAmount: number;
  /** Resolves when `bufferedAmount` has fallen to `bytes` or less, or the channel has closed. */
  drained(bytes: number): Promise<void>;
  /** One handler each; messages that came before the handler was set are kept and given to it. Each message has a buffer of its own. */
  onMessage(handler: (message: Bytes) => void): void;
  onClose(handler: (reason: string) => void): void;
  close(): void;
}
