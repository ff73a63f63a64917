import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientAddress, isForwarded, isPrivateAddress, rateKey } from './address.ts';
import type { AppFile } from './app-files.ts';
import type { Metrics } from './metrics.ts';
import { PEERJS_KEY } from './signaling.ts';
import type { RateLimit } from './rate-limit.ts';
import { securityHeaders } from './security-headers.ts';

export interface HttpParts {
  readonly files: ReadonlyMap<string, AppFile>;
  readonly metrics: Metrics;
  readonly arrivals: RateLimit;
  readonly trustProxy: boolean;
  /** TLS in front of us */
  readonly secure: boolean;
  /** false while draining or when the engine fails */
  ready(): boolean;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

const ID_BYTES = 20;
const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

const text = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { ...TEXT, ...headers },
  body: `${body}\n`,
});

/** Answers plain HTTP: the app, `/peerjs/id`, health and metrics. */
export function httpHandler(parts: HttpParts): (request: IncomingMessage, response: ServerResponse) => void {
  const headers = securityHeaders(parts.secure);
  return (request, response) => {
    const answer = answerTo(parts, request);
    parts.metrics.add('roost_broker_http_total', { status: String(answer.status) });
    const body = Buffer.from(answer.body);
    response.writeHead(answer.status, {
      ...headers,
      ...answer.headers,
      ...(answer.status === 304 ? {} : { 'content-length': String(body.length) }),
    });
    response.end(request.method === 'HEAD' || answer.status === 304 ? undefined : body);
  };
}

function answerTo(parts: HttpParts, request: IncomingMessage): Answer {
  const { metrics, files, arrivals, trustProxy } = parts;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return text(405, 'GET or HEAD only', { allow: 'GET, HEAD' });
  }
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  switch (path) {
    case '/livez':
      return text(200, 'ok');
    case '/readyz':
      return parts.ready() ? text(200, 'ok') : text(503, 'not ready');
    case '/metrics':
      // For the operator's own network; a proxy's clients are none of it.
      if (isForwarded(request) || !isPrivateAddress(clientAddress(request, false)))
        return text(404, 'not found');
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
        body: metrics.text(),
      };
    case `/${PEERJS_KEY}/id`:
      if (!arrivals.take(rateKey(clientAddress(request, trustProxy)))) return text(429, 'too many requests');
      return {
        status: 200,
        headers: {
          ...TEXT,
          'access-control-allow-origin': '*',
          'cross-origin-resource-policy': 'cross-origin',
        },
        body: randomBytes(ID_BYTES).toString('hex'),
      };
    default: {
      const file = files.get(path);
      if (file !== undefined) return appAnswer(file, request);
      return files.size === 0 && path === '/'
        ? text(503, 'this broker serves no app')
        : text(404, 'not found');
    }
  }
}

function appAnswer(file: AppFile, request: IncomingMessage): Answer {
  const headers = { etag: file.etag, 'cache-control': file.cacheControl, vary: 'accept-encoding' };
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known?.includes(file.etag)) return { status: 304, headers, body: '' };
  const accepted = (request.headers['accept-encoding'] ?? '').split(',');
  const accepts = (coding: string): boolean =>
    accepted.some((item) => item.trim().split(';')[0] === coding && !/;\s*q=0(\.0*)?$/.test(item.trim()));
  const common = { ...headers, 'content-type': file.type };
  if (file.brotli !== undefined && accepts('br')) {
    return { status: 200, headers: { ...common, 'content-encoding': 'br' }, body: file.brotli };
  }
  if (file.gzip !== undefined && accepts('gzip')) {
    return { status: 200, headers: { ...common, 'content-encoding': 'gzip' }, body: file.gzip };
  }
  return { status: 200, headers: common, body: file.plain };
}
