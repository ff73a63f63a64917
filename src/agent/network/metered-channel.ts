import type { Bytes } from '../../core/bytes.ts';
import type { Channel } from '../../ports/transport.ts';

/** Bytes that went over all channels of this device, both ways. */
export interface Traffic {
  bytes: number;
}

/** The same channel; all that passes is counted. */
export function meteredChannel(channel: Channel, traffic: Traffic): Channel {
  return {
    get claimed() {
      return channel.claimed;
    },
    get initiator() {
      return channel.initiator;
    },
    get binding() {
      return channel.binding;
    },
    get maxMessageBytes() {
      return channel.maxMessageBytes;
    },
    ...(channel.tellsDeath === undefined ? {} : { tellsDeath: channel.tellsDeath }),
    get bufferedAmount() {
      return channel.bufferedAmount;
    },
    send(message: Bytes): void {
      traffic.bytes += message.length;
      channel.send(message);
    },
    drained: (bytes) => channel.drained(bytes),
    onMessage(handler) {
      channel.onMessage((message) => {
        traffic.bytes += message.length;
        handler(message);
      });
    },
    onClose: (handler) => channel.onClose(handler),
    close: () => channel.close(),
  };
}
