// One end of a bare node-datachannel connection, as a process of its own: `node bare-peer.ts sends|receives BYTES`.
// Descriptions and candidates go through the parent process.
import nodeDataChannel from 'node-datachannel';
import type { DataChannel, DescriptionType } from 'node-datachannel';

const MESSAGE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;

export type PeerMessage =
  | { readonly kind: 'description'; readonly sdp: string; readonly type: DescriptionType }
  | { readonly kind: 'candidate'; readonly candidate: string; readonly mid: string }
  | { readonly kind: 'received'; readonly seconds: number };

const sends = process.argv[2] === 'sends';
const total = Number(process.argv[3]);
const tell = (message: PeerMessage): void => void process.send?.(message);

const connection = new nodeDataChannel.PeerConnection(sends ? 'sender' : 'receiver', {
  iceServers: [],
  maxMessageSize: 262_144,
});
connection.onLocalDescription((sdp, type) => tell({ kind: 'description', sdp, type }));
connection.onLocalCandidate((candidate, mid) => tell({ kind: 'candidate', candidate, mid }));

const waiting: PeerMessage[] = [];
let described = false;
process.on('message', (message: PeerMessage) => {
  if (message.kind === 'description') {
    connection.setRemoteDescription(message.sdp, message.type);
    described = true;
    for (const each of waiting.splice(0)) addCandidate(each);
  } else if (described) {
    addCandidate(message);
  } else {
    waiting.push(message);
  }
});
process.on('disconnect', () => {
  connection.close();
  nodeDataChannel.cleanup();
  process.exit();
});

// Held here: a channel that is collected closes.
const channels: DataChannel[] = [];
if (sends) {
  const channel = connection.createDataChannel('bench');
  channels.push(channel);
  channel.onOpen(() => send(channel));
} else {
  connection.onDataChannel((channel) => {
    channels.push(channel);
    receive(channel);
  });
}

function addCandidate(message: PeerMessage): void {
  if (message.kind === 'candidate') connection.addRemoteCandidate(message.candidate, message.mid);
}

function send(channel: DataChannel): void {
  const message = Buffer.alloc(MESSAGE_BYTES, 7);
  let sent = 0;
  const pump = (): void => {
    while (sent < total && channel.bufferedAmount() < HIGH_WATER_BYTES) {
      channel.sendMessageBinary(message);
      sent += message.length;
    }
  };
  channel.setBufferedAmountLowThreshold(HIGH_WATER_BYTES / 2);
  channel.onBufferedAmountLow(pump);
  pump();
}

function receive(channel: DataChannel): void {
  let received = 0;
  let started = 0;
  channel.onMessage((message) => {
    if (received === 0) started = performance.now();
    received += message instanceof ArrayBuffer ? message.byteLength : message.length;
    if (received >= total) tell({ kind: 'received', seconds: (performance.now() - started) / 1000 });
  });
}
