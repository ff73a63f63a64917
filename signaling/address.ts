import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';
import type { CooperativeId } from '../src/core/ids.ts';
import { THIS_COMPUTER } from '../src/core/wire/broker-records.ts';

/** An IPv6 socket shows IPv4 clients as ::ffff:a.b.c.d. */
function plain(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address.replace(/%.*$/, '').toLowerCase();
}

/** Loopback, private and link-local ranges: reached only from the operator's own network. */
export function isPrivateAddress(address: string): boolean {
  if (isIPv4(address)) {
    const [a = 0, b = 0] = address.split('.').map(Number);
    return (
      a === 127 ||
      a === 10 ||
      (a === 172 && b >= 16 && b <= 31) ||
      (a === 192 && b === 168) ||
      (a === 169 && b === 254)
    );
  }
  return address === '::1' || /^f[cd]/.test(address) || /^fe[89ab]/.test(address);
}

/** Whether a proxy passed this request on. */
export function isForwarded(request: IncomingMessage): boolean {
  return request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined;
}

/**
 * The client's address. Behind a proxy it is the last entry of X-Forwarded-For, the one that the proxy itself wrote; the header
 * counts only when the operator says that there is a proxy and the socket comes from the operator's own network.
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const direct = plain(request.socket.remoteAddress ?? '');
  if (!trustProxy || !isPrivateAddress(direct)) return direct;
  const header = request.headers['x-forwarded-for'];
  const last = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').at(-1)?.trim() ?? '';
  return isIP(last) === 0 ? direct : plain(last);
}

/** What counts as one sender for rate limits: an IPv4 address, an IPv6 /64 (one customer has all of it). */
export function rateKey(address: string): string {
  return isIP(address) === 6 ? groups(address).slice(0, 4).join(':') : address;
}

/**
 * Keyed hash of the first octets (IPv4 /16, IPv6 /32), different for every cooperative: equal means near, and nobody can
 * compute the address from it or follow a device from one cooperative to another. 16 hex digits. Devices on the broker's own
 * computer are told apart from its neighbours by a value that says so.
 */
export function neighbourhoodOf(secret: Uint8Array, cooperative: CooperativeId, address: string): string {
  if (address === '::1' || address.startsWith('127.')) return THIS_COMPUTER;
  const prefix =
    isIP(address) === 6 ? groups(address).slice(0, 2).join(':') : address.split('.').slice(0, 2).join('.');
  return createHmac('sha256', secret).update(`${cooperative}\n${prefix}`).digest('hex').slice(0, 16);
}

/** The eight groups of an IPv6 address without leading zeros. */
function groups(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((group) =>
    group.replace(/^0+(?=.)/, ''),
  );
}
