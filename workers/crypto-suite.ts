/// <reference lib="webworker" />
import type { CryptoSuite } from '../src/core/crypto/suite.ts';
import { createWebCryptoSuite } from '../src/core/crypto/webcrypto.ts';
import { Limiter } from '../src/core/limiter.ts';
import { release } from './release.ts';

/** One is worked on while the answer of another is on its way. Of many more, Chromium gives the memory back to the system, and each next one begins with fresh pages. */
const CALLS_AT_ONCE = 2;

/** WebCrypto for who has hundreds of calls at once (docs/decisions/0034-memory-in-browsers.md). */
export function createWorkerSuite(): CryptoSuite {
  const suite = createWebCryptoSuite(crypto.subtle, release);
  const calls = new Limiter(CALLS_AT_ONCE);
  return {
    ...suite,
    seal: (...terms) => calls.run(() => suite.seal(...terms)),
    open: (...terms) => calls.run(() => suite.open(...terms)),
    hmac: (...terms) => calls.run(() => suite.hmac(...terms)),
    sha256: (...terms) => calls.run(() => suite.sha256(...terms)),
  };
}
