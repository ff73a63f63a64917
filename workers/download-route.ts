/// <reference lib="webworker" />
import type { FromDownload, ToDownload, ToServiceWorker } from './download-api.ts';

/** A page that registered a download and never started it: its port is let go. */
const UNUSED_MAX_MS = 60_000;
const PENDING_MAX = 16;
const TOKEN = /^[0-9a-f]{32}$/;

interface Pending {
  readonly name: string;
  readonly port: MessagePort;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Downloads that pages stream through the service worker, each under a secret address that works once. */
export class DownloadRoute {
  readonly #pending = new Map<string, Pending>();

  register(message: Extract<ToServiceWorker, { type: 'download' }>, port: MessagePort): void {
    const { token, name } = message;
    if (!TOKEN.test(token) || this.#pending.size >= PENDING_MAX) {
      port.postMessage({ type: 'cancel' } satisfies FromDownload);
      port.close();
      return;
    }
    const timer = setTimeout(() => {
      this.#pending.delete(token);
      port.postMessage({ type: 'cancel' } satisfies FromDownload);
      port.close();
    }, UNUSED_MAX_MS);
    this.#pending.set(token, { name, port, timer });
    port.postMessage({ type: 'registered' } satisfies FromDownload);
  }

  /** The download of a token, or undefined when there is none (any more). */
  respond(token: string): Response | undefined {
    const pending = this.#pending.get(token);
    if (pending === undefined) return undefined;
    this.#pending.delete(token);
    clearTimeout(pending.timer);
    return new Response(streamFrom(pending.port), {
      headers: {
        'Content-Type': 'application/zip',
        'Content-Disposition': attachment(pending.name),
        'Content-Security-Policy': "default-src 'none'; sandbox",
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      },
    });
  }
}

/** One chunk is asked for at a time, so that no more than that waits in memory. */
function streamFrom(port: MessagePort): ReadableStream<Uint8Array> {
  const tell = (message: FromDownload): void => port.postMessage(message);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        port.onmessage = ({ data }: MessageEvent<ToDownload>) => {
          switch (data.type) {
            case 'chunk':
              controller.enqueue(data.bytes);
              return;
            case 'end':
              controller.close();
              port.close();
              return;
            case 'fail':
              // The browser shows the download as failed instead of keeping half an archive as whole.
              controller.error(new Error('the page gave the download up'));
              port.close();
              return;
            default:
              data satisfies never;
          }
        };
      },
      pull: () => tell({ type: 'pull' }),
      cancel: () => {
        tell({ type: 'cancel' });
        port.close();
      },
    },
    { highWaterMark: 1 },
  );
}

/** RFC 6266, with the name as RFC 8187 writes it. */
function attachment(name: string): string {
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename*=UTF-8''${encoded}`;
}
