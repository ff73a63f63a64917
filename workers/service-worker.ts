/// <reference lib="webworker" />
import type { PrecacheEntry } from 'workbox-precaching';
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import type { ToServiceWorker } from './download-api.ts';
import { DownloadRoute } from './download-route.ts';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: (string | PrecacheEntry)[] };

/** Paths of the broker, relative to the scope: always the network's. */
const BROKER_PATHS = /^(?:peerjs|rendezvous|metrics|livez|readyz)(?:\/|$)/;
const DOWNLOAD_PATH = /^download\/([^/]+)$/;

const downloads = new DownloadRoute();

// Before Workbox's own listener: the first to answer decides.
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const scope = new URL(self.registration.scope);
  if (url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length);
  const token = DOWNLOAD_PATH.exec(path)?.[1];
  if (token !== undefined) {
    event.stopImmediatePropagation();
    event.respondWith(downloads.respond(token) ?? new Response('This download has ended.', { status: 410 }));
    return;
  }
  if (event.request.mode !== 'navigate' || BROKER_PATHS.test(path)) return;
  event.stopImmediatePropagation();
  event.respondWith(openApp(event.request));
});

self.addEventListener('message', (event) => {
  const message = event.data as ToServiceWorker | null;
  switch (message?.type) {
    case 'download': {
      const [port] = event.ports;
      if (port !== undefined) downloads.register(message, port);
      return;
    }
    // Its arrival is all it is for.
    case 'download-alive':
      return;
    // Never without being asked: a page of the former version would meet files of the new one.
    case 'SKIP_WAITING':
      event.waitUntil(self.skipWaiting());
      return;
    default:
      // Workbox and browser extensions send messages of their own.
      return;
  }
});

// So that the first visit can download, too.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);

/** The app is one page, and opens without a network. */
async function openApp(request: Request): Promise<Response> {
  return (await matchPrecache('index.html')) ?? fetch(request);
}
