import type { IncomingMessage } from 'node:http';
import { parseBrokerUrl } from '../src/core/wire/broker-auth.ts';

const ORIGINS_MAX = 8;

/**
 * The origins under which this broker may be addressed, as the devices sign them.
 *
 * A Host header alone proves nothing: a hostile broker could dial this one with its own name, pass our nonce on to a device
 * and its proof back to us. So an origin counts when the operator configured it, or when the Host header names the very
 * address and port at which the connection arrived (or `localhost` on a loopback connection).
 */
export class Origins {
  readonly #configured: readonly string[];

  /** @throws RoostError 'malformed' when one is no origin */
  constructor(configured: string | readonly string[] | undefined) {
    const list = configured === undefined ? [] : typeof configured === 'string' ? [configured] : configured;
    if (list.length > ORIGINS_MAX) throw new Error(`at most ${ORIGINS_MAX} origins, got ${list.length}`);
    this.#configured = list.map((origin) => parseBrokerUrl(origin).origin);
  }

  /** Whether TLS ends in front of us. */
  get secure(): boolean {
    return this.#configured.some((origin) => origin.startsWith('https:'));
  }

  get first(): string | undefined {
    return this.#configured[0];
  }

  /** Origins that a proof on this connection may name. */
  of(request: IncomingMessage): readonly string[] {
    const direct = directOrigin(request);
    return direct === undefined || this.#configured.includes(direct)
      ? this.#configured
      : [...this.#configured, direct];
  }
}

function directOrigin(request: IncomingMessage): string | undefined {
  const { localAddress, localPort } = request.socket;
  const host = request.headers.host;
  if (host === undefined || localAddress === undefined) return undefined;
  const dialled = parsed(`http://${host}`);
  if (dialled === undefined || dialled.port !== localPort) return undefined;
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();
  const loopback = address === '::1' || address.startsWith('127.');
  const names = [address, `[${address}]`, ...(loopback ? ['localhost'] : [])];
  return names.includes(dialled.host) ? dialled.origin : undefined;
}

function parsed(url: string): ReturnType<typeof parseBrokerUrl> | undefined {
  try {
    return parseBrokerUrl(url);
  } catch {
    return undefined;
  }
}
