import type { NetworkIdentity } from '../../ports/platform.ts';
import { RoostError } from '../../core/errors.ts';
import { BROKER_CONTEXTS, brokerProofText, parseBrokerUrl } from '../../core/wire/broker-auth.ts';
import { toBase64url } from '../../core/wire/broker-base64.ts';

/** What a device answers to the broker's CHALLENGE on the PeerJS socket. */
export interface SignalingAnswer {
  readonly type: 'AUTH';
  readonly payload: { readonly pub: string; readonly sig: string };
}

/** Whether a message from the PeerJS socket is the broker's challenge. */
export function isSignalingChallenge(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'CHALLENGE';
}

/**
 * Answers the broker's challenge.
 *
 * @param url the broker as this device dialled it (any of http, https, ws, wss; a path is allowed)
 * @param message the challenge: `{ type: 'CHALLENGE', ctx, nonce }`
 * @throws RoostError 'malformed' when it is no challenge for signaling: nothing else is signed
 */
export async function answerSignalingChallenge(
  url: string,
  identity: NetworkIdentity,
  message: unknown,
): Promise<SignalingAnswer> {
  const { ctx, nonce } = (message ?? {}) as { readonly ctx?: unknown; readonly nonce?: unknown };
  if (ctx !== BROKER_CONTEXTS.signaling || typeof nonce !== 'string') {
    throw new RoostError('malformed', `challenge must be for ${BROKER_CONTEXTS.signaling}, got another`);
  }
  const text = brokerProofText(BROKER_CONTEXTS.signaling, parseBrokerUrl(url).origin, identity.device, nonce);
  const signature = await identity.sign(text);
  return { type: 'AUTH', payload: { pub: toBase64url(identity.publicKey), sig: toBase64url(signature) } };
}
