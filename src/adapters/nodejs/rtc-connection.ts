import type { DataChannel, IceServer as NativeIceServer } from 'node-datachannel';
import { PeerConnection, setSctpSettings } from 'node-datachannel';
import { RoostError, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { equalBytes } from '../../core/bytes.ts';
import { MESSAGE_MAX_BYTES, RtcChannel } from './rtc-channel.ts';
import { fingerprintOf } from '../../core/wire/sdp-fingerprint.ts';

/** Candidates of one peer that wait for its description, and in all. */
const CANDIDATES_MAX = 256;
const SDP_MAX_CHARS = 24 * 1024;
const CANDIDATE_MAX_CHARS = 2048;
/**
 * Bytes under way, and those that wait in libdatachannel where `bufferedAmount` does not show them and no other channel overtakes
 * them (docs/decisions/0028): 256 KiB are 8 MB/s to each partner over 30 ms, and 0.3 s at 1 MB/s. Its own choice is 1 MiB.
 */
const SEND_BUFFER_BYTES = 256 * 1024;
setSctpSettings({ sendBufferSize: SEND_BUFFER_BYTES });
/**
 * Who offers keeps its candidates back until it has stored the answer and had so long to check the other side's: its checks come first,
 * so it is ready for DTLS when the other side begins it (docs/decisions/0036).
 */
const HELD_BACK_MS = 100;

export interface RtcConnectionParts {
  readonly device: DeviceId;
  readonly connectionId: string;
  readonly initiator: boolean;
  readonly iceServers: (string | NativeIceServer)[];
  readonly send: (type: 'OFFER' | 'ANSWER' | 'CANDIDATE', payload: unknown) => void;
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly opened: (channel: RtcChannel) => void;
  /** Called once, when it will never open or has closed. */
  readonly ended: (error: RoostError) => void;
}

/** One connection with its one channel, from the offer to the end. */
export class RtcConnection {
  readonly #parts: RtcConnectionParts;
  readonly #peer: PeerConnection;
  #dataChannel: DataChannel | undefined;
  #channel: RtcChannel | undefined;
  #candidates: { readonly candidate: string; readonly mid: string }[] | undefined = [];
  #candidateCount = 0;
  /** our candidates that the other side is not to know yet; undefined when they are told as they come */
  #heldBack: { readonly candidate: string; readonly mid: string }[] | undefined;
  #cancelTelling: (() => void) | undefined;
  #ended = false;

  constructor(parts: RtcConnectionParts) {
    this.#parts = parts;
    if (parts.initiator) this.#heldBack = [];
    this.#peer = new PeerConnection(parts.connectionId, {
      iceServers: parts.iceServers,
      maxMessageSize: MESSAGE_MAX_BYTES,
    });
    this.#peer.onLocalDescription((sdp, type) => this.#describe(sdp, type));
    this.#peer.onLocalCandidate((candidate, mid) => {
      if (this.#heldBack === undefined) this.#tellCandidate(candidate, mid);
      else this.#heldBack.push({ candidate, mid });
    });
    this.#peer.onStateChange((state) => {
      // 'disconnected' may pass; the session's heartbeat decides before 'failed' does
      if (state !== 'failed' && state !== 'closed') return;
      this.#finish(this.#unreachable(`the connection ${state}`));
    });
    if (parts.initiator) this.#adopt(this.#peer.createDataChannel(parts.connectionId));
    else this.#peer.onDataChannel((dataChannel) => this.#adopt(dataChannel));
  }

  /** Takes the other side's description. @throws RoostError 'malformed' */
  describeRemote(type: 'offer' | 'answer', description: unknown): void {
    const { type: told, sdp } = (description ?? {}) as { readonly type?: unknown; readonly sdp?: unknown };
    if (told !== type || typeof sdp !== 'string' || sdp.length > SDP_MAX_CHARS) {
      throw new RoostError(
        'malformed',
        `a description must be an ${type} of at most ${SDP_MAX_CHARS} characters`,
      );
    }
    fingerprintOf('remote', sdp);
    if (this.#candidates === undefined) throw new RoostError('malformed', `a second ${type} came`);
    try {
      this.#peer.setRemoteDescription(sdp, type);
    } catch (error) {
      throw new RoostError('malformed', `the ${type} cannot be used`, { cause: error });
    }
    const waiting = this.#candidates;
    this.#candidates = undefined;
    for (const { candidate, mid } of waiting) this.#addCandidate(candidate, mid);
    if (type === 'answer') this.#cancelTelling = this.#parts.after(HELD_BACK_MS, () => this.#tellHeldBack());
  }

  /** Takes a candidate of the other side, as PeerJS sends it; it waits for the description. */
  addCandidate(value: unknown): void {
    const { candidate, sdpMid } = (value ?? {}) as {
      readonly candidate?: unknown;
      readonly sdpMid?: unknown;
    };
    if (typeof candidate !== 'string' || candidate === '' || candidate.length > CANDIDATE_MAX_CHARS) return;
    if (this.#candidateCount++ >= CANDIDATES_MAX) return;
    const mid = typeof sdpMid === 'string' && sdpMid.length <= 255 ? sdpMid : '0';
    if (this.#candidates === undefined) this.#addCandidate(candidate, mid);
    else this.#candidates.push({ candidate, mid });
  }

  /** Ends it; an open channel is told why. */
  end(reason: string): void {
    this.#finish(this.#unreachable(reason));
  }

  close(): void {
    if (this.#channel === undefined) this.end('closed by us');
    else this.#channel.close();
  }

  #describe(sdp: string, type: string): void {
    const { connectionId } = this.#parts;
    const common = { sdp: { type, sdp }, type: 'data', connectionId };
    if (type === 'answer') this.#send('ANSWER', common);
    else {
      this.#send('OFFER', { ...common, label: connectionId, reliable: true, serialization: 'raw' });
    }
  }

  #tellHeldBack(): void {
    const heldBack = this.#heldBack ?? [];
    this.#heldBack = undefined;
    for (const { candidate, mid } of heldBack) this.#tellCandidate(candidate, mid);
  }

  #tellCandidate(candidate: string, sdpMid: string): void {
    const { connectionId } = this.#parts;
    const text = candidate.replace(/^a=/, '');
    this.#send('CANDIDATE', {
      candidate: { candidate: text, sdpMid, sdpMLineIndex: 0, usernameFragment: null },
      type: 'data',
      connectionId,
    });
  }

  #send(type: 'OFFER' | 'ANSWER' | 'CANDIDATE', payload: unknown): void {
    if (this.#ended || this.#channel !== undefined) return;
    try {
      this.#parts.send(type, payload);
    } catch (error) {
      this.end(messageOf(error));
    }
  }

  #addCandidate(candidate: string, mid: string): void {
    if (this.#ended) return;
    try {
      this.#peer.addRemoteCandidate(candidate, mid);
    } catch {
      // A candidate that this machine does not understand is one way less, no more.
    }
  }

  #adopt(dataChannel: DataChannel): void {
    if (this.#dataChannel !== undefined) {
      // PeerJS's bulk channels are not ours to serve.
      dataChannel.close();
      return;
    }
    this.#dataChannel = dataChannel;
    if (dataChannel.isOpen()) this.#open(dataChannel);
    else {
      dataChannel.onOpen(() => this.#open(dataChannel));
      dataChannel.onClosed(() => this.end('the channel closed before it was open'));
    }
  }

  #open(dataChannel: DataChannel): void {
    if (this.#ended || this.#channel !== undefined) return;
    try {
      this.#channel = new RtcChannel({
        claimed: this.#parts.device,
        initiator: this.#parts.initiator,
        binding: this.#binding(),
        dataChannel,
        destroy: () => this.end('the channel has ended'),
        after: this.#parts.after,
      });
    } catch (error) {
      this.#finish(error instanceof RoostError ? error : new RoostError('internal', messageOf(error)));
      return;
    }
    this.#parts.opened(this.#channel);
  }

  #binding(): RtcChannel['binding'] {
    const local = fingerprintOf('local', this.#peer.localDescription()?.sdp);
    const remote = fingerprintOf('remote', this.#peer.remoteDescription()?.sdp);
    // What the description promised is what DTLS met.
    const { algorithm, value } = this.#peer.remoteFingerprint();
    const met = fingerprintOf('remote', `a=fingerprint:${algorithm} ${value}`);
    if (!equalBytes(met, remote))
      throw new RoostError('corrupt', "the peer's certificate is not the one described");
    return { local, remote };
  }

  #unreachable(reason: string): RoostError {
    return new RoostError('unreachable', `${this.#parts.device}: ${reason}`);
  }

  #finish(error: RoostError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTelling?.();
    this.#channel?.end(error.message);
    try {
      this.#peer.close();
    } finally {
      this.#parts.ended(error);
    }
  }
}
