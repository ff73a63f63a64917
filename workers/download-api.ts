import type { Bytes } from '../src/core/bytes.ts';

/** What pages tell the service worker. */
export type ToServiceWorker =
  /** Comes with a MessagePort. `token` is 32 random hex digits: whoever knows it gets the bytes, once. */
  | { readonly type: 'download'; readonly token: string; readonly name: string }
  /** Comes while bytes flow: a service worker without events is stopped. */
  | { readonly type: 'download-alive' }
  /** A newer version may take over now. The name is workbox-window's. */
  | { readonly type: 'SKIP_WAITING' };

/** From the service worker, over the port. */
export type FromDownload =
  | { readonly type: 'registered' }
  /** the browser takes one more chunk */
  | { readonly type: 'pull' }
  /** the user gave the download up */
  | { readonly type: 'cancel' };

/** From the page, over the port. */
export type ToDownload =
  { readonly type: 'chunk'; readonly bytes: Bytes } | { readonly type: 'end' } | { readonly type: 'fail' };
