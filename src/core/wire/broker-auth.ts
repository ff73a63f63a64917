import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Bytes } from '../bytes.ts';
import { toBytes } from '../bytes.ts';
import { RoostError } from '../errors.ts';
import type { DeviceId } from '../ids.ts';
import { fromBase64url } from './broker-base64.ts';

/** What a proof is for: one made on one socket is worth nothing on the other. See PROTOCOL.md, "Broker". */
export const BROKER_CONTEXTS = {
  signaling: 'roost/1/broker/signaling',
  rendezvous: 'roost/1/broker/rendezvous',
} as const;

export type BrokerContext = (typeof BROKER_CONTEXTS)[keyof typeof BROKER_CONTEXTS];

export const BROKER_NONCE_BYTES = 32;

/**
 * The bytes a device signs to prove its id to a broker: context, origin, id and nonce, one a line. No part can hold a line
 * feed, so no two readings give the same text.
 *
 * @param nonce base64url of BROKER_NONCE_BYTES bytes, as the broker sent it
 * @throws RoostError 'malformed' when the nonce or the origin is not what it must be: nothing else is ever signed
 */
export function brokerProofText(
  context: BrokerContext,
  origin: string,
  device: DeviceId,
  nonce: string,
): Bytes {
  fromBase64url('nonce', nonce, BROKER_NONCE_BYTES);
  if (parseBrokerUrl(origin).origin !== origin) {
    throw new RoostError('malformed', 'origin must be scheme, host and port only');
  }
  return toBytes(utf8ToBytes(`${context}\n${origin}\n${device}\n${nonce}`));
}

export interface BrokerUrl {
  /** `http://host[:port]` or `https://…`, lower case, without the scheme's own port: what is signed */
  readonly origin: string;
  readonly secure: boolean;
  /** host name or address as it stands in the URL (an IPv6 address in brackets) */
  readonly host: string;
  readonly port: number;
  /** begins and ends with '/' */
  readonly path: string;
}

const URL_FORM = /^(https?|wss?):\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?(\/[^?#\s]*)?$/;

/**
 * Reads the address of a broker. Its path is a folder: the broker's own paths are appended to it.
 * @throws RoostError 'malformed'
 */
export function parseBrokerUrl(url: string): BrokerUrl {
  const parts = url.length > 2048 ? null : URL_FORM.exec(url);
  if (parts === null) {
    throw new RoostError(
      'malformed',
      'broker URL must look like https://host[:port]/[path/], got something else',
    );
  }
  const secure = parts[1] === 'https' || parts[1] === 'wss';
  const host = (parts[2] ?? '').toLowerCase();
  const usual = secure ? 443 : 80;
  const port = parts[3] === undefined ? usual : Number(parts[3]);
  if (port < 1 || port > 65_535)
    throw new RoostError('malformed', `broker port must be 1 to 65535, got ${port}`);
  const path = parts[4] ?? '/';
  return {
    origin: `${secure ? 'https' : 'http'}://${host}${port === usual ? '' : `:${port}`}`,
    secure,
    host,
    port,
    path: path.endsWith('/') ? path : `${path}/`,
  };
}

/** The WebSocket address of one of the broker's paths, e.g. `rendezvous`. */
export function brokerSocketUrl(url: BrokerUrl, name: string): string {
  const scheme = url.secure ? 'wss' : 'ws';
  return `${scheme}${url.origin.slice(url.origin.indexOf(':'))}${url.path}${name}`;
}
