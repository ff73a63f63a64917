/**
 * The page's policy. Everything comes from our own origin; `connect-src` names ws: and wss: because the page may be served by one
 * broker and talk to another, and because 'self' does not cover them in every browser. Style attributes are let through for
 * widths and positions that are computed; style elements are not.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self' ws: wss:",
  "worker-src 'self'",
  "manifest-src 'self'",
  // A hidden frame starts the download of a restored ZIP that the service worker streams.
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const HSTS_SECONDS = 31_536_000;

/** Headers of every response. */
export function securityHeaders(secure: boolean): Readonly<Record<string, string>> {
  return {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'permissions-policy': 'geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=()',
    ...(secure ? { 'strict-transport-security': `max-age=${HSTS_SECONDS}` } : {}),
  };
}
