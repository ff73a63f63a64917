import { randomBytes } from 'node:crypto';
import type { Bytes } from '../src/core/bytes.ts';
import type { CryptoSuite } from '../src/core/crypto/suite.ts';
import type { DeviceId } from '../src/core/ids.ts';
import type { BrokerContext } from '../src/core/wire/broker-auth.ts';
import { BROKER_NONCE_BYTES, brokerProofText } from '../src/core/wire/broker-auth.ts';
import { toBase64url } from '../src/core/wire/broker-base64.ts';

/** A challenge that was put to one socket: good for one answer on that socket only. */
export interface Challenge {
  readonly nonce: Bytes;
  /** Whether the signature proves that the caller dialled one of `origins` and holds the key of `device`. */
  provedBy(device: DeviceId, publicKey: Bytes, signature: Bytes): Promise<boolean>;
}

/**
 * @param origins names under which this connection may have dialled us; a proxy may hide which, so each is tried
 */
export function newChallenge(
  suite: CryptoSuite,
  context: BrokerContext,
  origins: readonly string[],
): Challenge {
  const nonce = new Uint8Array(randomBytes(BROKER_NONCE_BYTES));
  let answered = false;
  return {
    nonce,
    async provedBy(device, publicKey, signature) {
      if (answered) return false;
      answered = true;
      for (const origin of origins) {
        const text = brokerProofText(context, origin, device, toBase64url(nonce));
        if (await suite.verify(publicKey, text, signature)) return true;
      }
      return false;
    },
  };
}
