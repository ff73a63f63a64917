import { RoostError } from '../src/core/errors.ts';
import type { DeviceId } from '../src/core/ids.ts';
import { parseDeviceId } from '../src/core/ids.ts';
import { SIGNAL_MAX_BYTES } from './limits.ts';

/** What a PeerJS client sends, read strictly: only the fields named here are passed on. */
export type PeerMessage =
  | { readonly type: 'HEARTBEAT' }
  | { readonly type: 'AUTH'; readonly pub: string; readonly sig: string }
  | { readonly type: Signal; readonly dst: DeviceId; readonly payload: unknown };

const SIGNALS = ['OFFER', 'ANSWER', 'CANDIDATE', 'LEAVE'] as const;
export type Signal = (typeof SIGNALS)[number];

const SDP_MAX_CHARS = 24 * 1024;
const CANDIDATE_MAX_CHARS = 2048;
const NAME_MAX_CHARS = 256;
const METADATA_MAX_CHARS = 1024;
const MID_MAX = 255;

/** @throws RoostError 'malformed' naming the field */
export function readPeerMessage(text: string): PeerMessage {
  if (text.length > SIGNAL_MAX_BYTES) throw malformed('message', `at most ${SIGNAL_MAX_BYTES} characters`);
  const message = object('message', parseJson(text));
  const type = message['type'];
  if (type === 'HEARTBEAT') return { type };
  if (type === 'AUTH') {
    const payload = object('payload', message['payload']);
    return { type, pub: string('pub', payload['pub'], 64), sig: string('sig', payload['sig'], 128) };
  }
  const signal = SIGNALS.find((known) => known === type);
  if (signal === undefined) throw malformed('type', `HEARTBEAT, AUTH or ${SIGNALS.join(', ')}`);
  const dst = parseDeviceId(string('dst', message['dst'], 64));
  return { type: signal, dst, payload: readPayload(signal, message['payload']) };
}

function readPayload(signal: Signal, value: unknown): unknown {
  if (signal === 'LEAVE') return undefined;
  const payload = object('payload', value);
  // A media call would ring in a stock client; nobody here calls.
  if (payload['type'] !== 'data') throw malformed('payload.type', '"data"');
  const common = {
    type: 'data',
    connectionId: string('connectionId', payload['connectionId'], NAME_MAX_CHARS),
  };
  switch (signal) {
    case 'OFFER':
      // A stock client throws on a serialization it does not know, so only the one we use passes.
      if (payload['serialization'] !== 'raw') throw malformed('payload.serialization', '"raw"');
      return {
        ...common,
        sdp: description('offer', payload['sdp']),
        label: string('label', payload['label'], NAME_MAX_CHARS),
        reliable: payload['reliable'] === true,
        serialization: 'raw',
        ...metadata(payload['metadata']),
      };
    case 'ANSWER':
      return { ...common, sdp: description('answer', payload['sdp']) };
    case 'CANDIDATE':
      return { ...common, candidate: iceCandidate(payload['candidate']) };
    default:
      return signal satisfies never;
  }
}

function description(type: 'offer' | 'answer', value: unknown): unknown {
  const sdp = object('sdp', value);
  if (sdp['type'] !== type) throw malformed('sdp.type', `"${type}"`);
  return { type, sdp: string('sdp.sdp', sdp['sdp'], SDP_MAX_CHARS) };
}

function iceCandidate(value: unknown): unknown {
  const candidate = object('candidate', value);
  const line = candidate['sdpMLineIndex'];
  if (
    line !== undefined &&
    line !== null &&
    !(Number.isInteger(line) && Number(line) >= 0 && Number(line) <= MID_MAX)
  ) {
    throw malformed('candidate.sdpMLineIndex', `a whole number up to ${MID_MAX}`);
  }
  return {
    candidate: string('candidate.candidate', candidate['candidate'], CANDIDATE_MAX_CHARS),
    sdpMid: optionalString('candidate.sdpMid', candidate['sdpMid']),
    sdpMLineIndex: line ?? null,
    usernameFragment: optionalString('candidate.usernameFragment', candidate['usernameFragment']),
  };
}

function metadata(value: unknown): { readonly metadata?: unknown } {
  if (value === undefined || value === null) return {};
  if (JSON.stringify(value).length > METADATA_MAX_CHARS) {
    throw malformed('payload.metadata', `at most ${METADATA_MAX_CHARS} characters`);
  }
  return { metadata: value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RoostError('malformed', 'message must be JSON', { cause });
  }
}

function object(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name, 'an object');
  return value as Readonly<Record<string, unknown>>;
}

function string(name: string, value: unknown, maxChars: number): string {
  if (typeof value !== 'string' || value.length > maxChars)
    throw malformed(name, `text of at most ${maxChars} characters`);
  return value;
}

function optionalString(name: string, value: unknown): string | null {
  return value === undefined || value === null ? null : string(name, value, NAME_MAX_CHARS);
}

function malformed(name: string, expected: string): RoostError {
  return new RoostError('malformed', `"${name}" must be ${expected}`);
}
