import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import nodeDataChannel from 'node-datachannel';
import type { DataChannel, DescriptionType, PeerConnection } from 'node-datachannel';
import { WebSocket, WebSocketServer } from 'ws';
import type { RawData } from 'ws';
import type { Workspace } from './workspace.ts';

/** A broker that puts itself between two devices: it ends both of their connections and passes messages on. */
export interface MitmBroker {
  readonly port: number;
  readonly url: string;
  /** the honest broker behind it; set before the first device dials */
  upstream: string;
  /** false: passes everything on untouched */
  intercepting: boolean;
  /** data channels that opened through us, and bytes of messages we passed on and could have read */
  readonly opened: number;
  readonly relayedBytes: number;
}

interface Signal {
  readonly type: string;
  readonly src?: string;
  readonly dst: string;
  readonly payload: {
    readonly connectionId: string;
    readonly sdp?: { readonly type: DescriptionType; readonly sdp: string };
    readonly candidate?: { readonly candidate: string; readonly sdpMid: string | null };
  };
}

type Send = (message: object) => void;

export async function startMitmBroker(workspace: Workspace): Promise<MitmBroker> {
  const attacks = new Map<string, Attack>();
  const clients = new Map<string, Send>();
  const count = { opened: 0, relayedBytes: 0 };
  const server = createServer((_request, response) => void response.writeHead(404).end());
  const sockets = new WebSocketServer({ server });

  sockets.on('connection', (client, request) => {
    const upstream = new WebSocket(`${state.upstream.replace(/^http/, 'ws')}${request.url ?? '/'}`);
    const id = new URL(request.url ?? '/', 'http://localhost').searchParams.get('id') ?? '';
    const early: (() => void)[] = [];
    const up: Send = (message) => upstream.send(JSON.stringify(message));
    const isSignaling = request.url?.startsWith('/peerjs') === true;
    if (isSignaling) clients.set(id, (message) => client.send(JSON.stringify(message)));

    const passOn = (data: RawData, binary: boolean): void => {
      const message =
        isSignaling && state.intercepting ? asSignal((data as Buffer).toString('utf8')) : undefined;
      if (message === undefined) upstream.send(data as Buffer, { binary });
      else intercept({ ...message, src: id }, up);
    };
    upstream.on('open', () => early.splice(0).forEach((pass) => pass()));
    client.on('message', (data, binary) => {
      if (upstream.readyState === WebSocket.OPEN) passOn(data, binary);
      else early.push(() => passOn(data, binary));
    });
    upstream.on('message', (data, binary) => client.send(data as Buffer, { binary }));
    client.on('close', () => upstream.terminate());
    upstream.on('close', () => client.terminate());
    upstream.on('error', () => client.terminate());
    client.on('error', () => upstream.terminate());
  });

  function intercept(message: Signal & { readonly src: string }, up: Send): void {
    const { connectionId } = message.payload;
    const known = attacks.get(connectionId);
    if (message.type === 'OFFER' && known === undefined) {
      const toCaller = clients.get(message.src);
      if (toCaller !== undefined) attacks.set(connectionId, new Attack(message, toCaller, up, count));
    } else if (known === undefined) {
      up(message);
    } else {
      known.take(message);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  workspace.onClose(async () => {
    for (const attack of attacks.values()) attack.close();
    for (const client of sockets.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
    nodeDataChannel.cleanup();
  });
  const { port } = server.address() as AddressInfo;
  const state = {
    port,
    url: `http://127.0.0.1:${port}`,
    upstream: '',
    intercepting: false,
    get opened() {
      return count.opened;
    },
    get relayedBytes() {
      return count.relayedBytes;
    },
  };
  return state;
}

/** One connection, ended twice: the caller's here as if we were the callee, the callee's as if we were the caller. */
class Attack {
  readonly #caller: string;
  readonly #towardsCaller: Leg;
  readonly #towardsCallee: Leg;

  constructor(
    offer: Signal & { readonly src: string },
    toCaller: Send,
    up: Send,
    count: { opened: number; relayedBytes: number },
  ) {
    this.#caller = offer.src;
    this.#towardsCaller = new Leg((type, payload) =>
      toCaller({ type, src: offer.dst, dst: offer.src, payload: { ...common(offer), ...payload } }),
    );
    this.#towardsCallee = new Leg((type, payload) =>
      // Label, serialization and metadata stay those of the true offer.
      up({
        type,
        dst: offer.dst,
        payload: { ...(type === 'OFFER' ? offer.payload : common(offer)), ...payload },
      }),
    );
    this.#towardsCaller.connection.onDataChannel((ours) => {
      const theirs = this.#towardsCallee.connection.createDataChannel(ours.getLabel());
      this.#towardsCaller.channels.push(ours);
      this.#towardsCallee.channels.push(theirs);
      join(ours, theirs, count);
    });
    this.#towardsCaller.describe(offer.payload.sdp!);
  }

  take({ src, payload }: Signal): void {
    const leg = src === this.#caller ? this.#towardsCaller : this.#towardsCallee;
    if (payload.sdp !== undefined) leg.describe(payload.sdp);
    if (payload.candidate !== undefined) leg.add(payload.candidate);
  }

  close(): void {
    this.#towardsCaller.connection.close();
    this.#towardsCallee.connection.close();
  }
}

class Leg {
  readonly connection: PeerConnection;
  /** held: a channel that is collected closes */
  readonly channels: DataChannel[] = [];
  readonly #waiting: NonNullable<Signal['payload']['candidate']>[] = [];
  #described = false;

  constructor(send: (type: 'OFFER' | 'ANSWER' | 'CANDIDATE', payload: object) => void) {
    this.connection = new nodeDataChannel.PeerConnection('mitm', { iceServers: [], maxMessageSize: 262_144 });
    this.connection.onLocalDescription((sdp, type) => {
      send(type === 'offer' ? 'OFFER' : 'ANSWER', { sdp: { type, sdp } });
    });
    this.connection.onLocalCandidate((candidate, mid) => {
      send('CANDIDATE', { candidate: { candidate, sdpMid: mid, sdpMLineIndex: 0, usernameFragment: null } });
    });
  }

  describe({ sdp, type }: { readonly sdp: string; readonly type: DescriptionType }): void {
    this.connection.setRemoteDescription(sdp, type);
    this.#described = true;
    for (const candidate of this.#waiting.splice(0)) this.add(candidate);
  }

  add(candidate: NonNullable<Signal['payload']['candidate']>): void {
    if (!this.#described) this.#waiting.push(candidate);
    else if (candidate.candidate !== '') {
      this.connection.addRemoteCandidate(candidate.candidate, candidate.sdpMid ?? '0');
    }
  }
}

/** Passes messages both ways once both ends are open. */
function join(a: DataChannel, b: DataChannel, count: { opened: number; relayedBytes: number }): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const early: Buffer[] = [];
    const pass = (message: Buffer): void => {
      count.relayedBytes += message.length;
      to.sendMessageBinary(message);
    };
    from.onMessage((message) => {
      const bytes = Buffer.from(message as Buffer);
      if (to.isOpen()) pass(bytes);
      else early.push(bytes);
    });
    to.onOpen(() => {
      count.opened++;
      early.splice(0).forEach(pass);
    });
    from.onClosed(() => to.close());
  }
}

function common({ payload }: Signal): { type: 'data'; connectionId: string } {
  return { type: 'data', connectionId: payload.connectionId };
}

function asSignal(text: string): Signal | undefined {
  const message = JSON.parse(text) as { type?: string };
  return ['OFFER', 'ANSWER', 'CANDIDATE'].includes(message.type ?? '') ? (message as Signal) : undefined;
}
