import type { IceServer as NativeIceServer } from 'node-datachannel';
import { RoostError } from '../../core/errors.ts';

/** A STUN or TURN server as browsers name it. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

const FORM =
  /^(stun|stuns|turn|turns):(\[[0-9A-Fa-f:.]+\]|[^:?[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/;

/** ICE servers as node-datachannel takes them: in parts, so that no user name or password has to be escaped. */
export function nativeIceServers(servers: readonly IceServer[]): (string | NativeIceServer)[] {
  return servers.flatMap(({ urls, username, credential }) =>
    (typeof urls === 'string' ? [urls] : urls).map((url) => native(url, username, credential)),
  );
}

function native(url: string, username = '', password = ''): string | NativeIceServer {
  const [, scheme, host = '', digits, transport] = FORM.exec(url) ?? [];
  const port = Number(digits ?? (scheme === 'stuns' || scheme === 'turns' ? 5349 : 3478));
  if (scheme === undefined || port < 1 || port > 65_535) {
    throw new RoostError(
      'usage',
      'an ICE server must look like stun:host[:port] or turn:host[:port], got another',
    );
  }
  if (scheme === 'stun' || scheme === 'stuns') return `${scheme}:${host}:${port}`;
  const relayType = scheme === 'turns' ? 'TurnTls' : transport === 'tcp' ? 'TurnTcp' : 'TurnUdp';
  return { hostname: host, port, username, password, relayType };
}
