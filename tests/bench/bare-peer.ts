// One end of bare node-datachannel connections, as a process of its own: `node bare-peer.ts sends|receives BYTES PEERS`.
// It has a connection to each of PEERS others and moves BYTES through each. Descriptions and candidates go through the parent process.
import nodeDataChannel from 'node-datachannel';
import type { DataChannel, DescriptionType } from 'node-datachannel';
import type { Moved } from './stopwatch.ts';
import { Stopwatch } from './stopwatch.ts';

const MESSAGE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;

/** `peer` is the number of the connection, as the process that says or hears it counts them. */
export type BareMessage =
  | {
      readonly kind: 'description';
      readonly peer: number;
      readonly sdp: string;
      readonly type: DescriptionType;
    }
  | { readonly kind: 'candidate'; readonly peer: number; readonly candidate: string; readonly mid: string }
  | Moved;

const sends = process.argv[2] === 'sends';
const bytes = Number(process.argv[3]);
const peers = Number(process.argv[4]);
const tell = (message: BareMessage): void => void process.send?.(message);
const stopwatch = new Stopwatch(bytes * peers, tell);
const message = Buffer.alloc(MESSAGE_BYTES, 7);
// Held here: a channel that is collected closes.
const channels: DataChannel[] = [];

/** A connection; returns what takes the other end's messages. */
function connect(peer: number): (message: BareMessage) => void {
  const connection = new nodeDataChannel.PeerConnection(`${peer}`, {
    iceServers: [],
    maxMessageSize: 262_144,
  });
  connection.onLocalDescription((sdp, type) => tell({ kind: 'description', peer, sdp, type }));
  connection.onLocalCandidate((candidate, mid) => tell({ kind: 'candidate', peer, candidate, mid }));
  process.on('disconnect', () => connection.close());
  if (sends) {
    const channel = connection.createDataChannel('bench');
    channels.push(channel);
    channel.onOpen(() => send(channel));
  } else {
    connection.onDataChannel((channel) => {
      channels.push(channel);
      channel.onMessage((received) => stopwatch.received((received as Buffer).length));
    });
  }
  let waiting: BareMessage[] | undefined = [];
  const hear = (heard: BareMessage): void => {
    if (heard.kind === 'description') {
      connection.setRemoteDescription(heard.sdp, heard.type);
      const early = waiting ?? [];
      waiting = undefined;
      for (const each of early) hear(each);
    } else if (heard.kind === 'candidate') {
      if (waiting === undefined) connection.addRemoteCandidate(heard.candidate, heard.mid);
      else waiting.push(heard);
    }
  };
  return hear;
}

function send(channel: DataChannel): void {
  let sent = 0;
  const pump = (): void => {
    while (sent < bytes && channel.bufferedAmount() < HIGH_WATER_BYTES) {
      channel.sendMessageBinary(message);
      sent += message.length;
    }
  };
  channel.setBufferedAmountLowThreshold(HIGH_WATER_BYTES / 2);
  channel.onBufferedAmountLow(pump);
  pump();
}

const hearers = Array.from({ length: peers }, (_, peer) => connect(peer));
process.on('message', (heard: BareMessage) => {
  if (heard.kind !== 'moved') hearers[heard.peer]?.(heard);
});
process.on('disconnect', () => {
  nodeDataChannel.cleanup();
  process.exit();
});
