import { Workbox } from 'workbox-window';
import type { Updates } from '../services.ts';

/** Where Vite puts the service worker, relative to the page. */
const WORKER_URL = './service-worker.js';
/** A page that stays open for weeks still hears of a newer version. */
const LOOK_EVERY_MS = 6 * 60 * 60 * 1000;

/** Registers the service worker of a built app. A newer version waits until `apply`. */
export function watchUpdates(): Updates {
  const handlers = new Set<() => void>();
  let available = false;
  let workbox: Workbox | undefined;

  if (import.meta.env.PROD && 'serviceWorker' in navigator) {
    const registered = new Workbox(WORKER_URL);
    workbox = registered;
    registered.addEventListener('waiting', () => {
      available = true;
      for (const handler of handlers) handler();
    });
    // Without it there is no offline start and no streamed download; all else works.
    registered.register().catch(() => undefined);
    setInterval(() => void registered.update().catch(() => undefined), LOOK_EVERY_MS);
  }

  return {
    get available() {
      return available;
    },
    onChange(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    apply() {
      workbox?.addEventListener('controlling', () => location.reload());
      workbox?.messageSkipWaiting();
    },
  };
}
