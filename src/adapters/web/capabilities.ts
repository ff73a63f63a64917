export type MissingCapability =
  'secure-context' | 'webrtc' | 'opfs' | 'webcrypto-ed25519' | 'indexeddb' | 'locks';

export type Capabilities =
  { readonly ok: true } | { readonly ok: false; readonly missing: MissingCapability };

/** Whether this browser can be a device of a cooperative, or the first thing it lacks. */
export async function checkCapabilities(): Promise<Capabilities> {
  // First: over plain http a browser hides most of the others too.
  if (!isSecureContext) return missing('secure-context');
  if (typeof RTCPeerConnection === 'undefined') return missing('webrtc');
  if (typeof indexedDB === 'undefined') return missing('indexeddb');
  const { locks, storage } = navigator as Partial<Navigator>;
  if (locks === undefined) return missing('locks');
  if (typeof storage?.getDirectory !== 'function' || typeof Worker === 'undefined') return missing('opfs');
  try {
    // Refused in private windows of some browsers, where the method is there all the same.
    await storage.getDirectory();
  } catch {
    return missing('opfs');
  }
  try {
    await crypto.subtle.generateKey({ name: 'Ed25519' }, false, ['sign', 'verify']);
    await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits']);
  } catch {
    return missing('webcrypto-ed25519');
  }
  return { ok: true };
}

const missing = (what: MissingCapability): Capabilities => ({ ok: false, missing: what });
