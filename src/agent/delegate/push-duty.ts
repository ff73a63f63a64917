import { RoostError } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { makeDuty } from '../../core/partnership/duty.ts';
import type { DutyPack } from '../../core/partnership/duty.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import { throwIfAborted } from '../cancellation.ts';
import type { AgentContext } from '../context.ts';

/**
 * Tells another device of the account which packs are this device's own, so that it can repair them: after each run, once the head that
 * names them is acknowledged. Without a pack it is told that there is nothing to do.
 * @returns how many packs
 * @throws RoostError 'unreachable' | 'timeout' | 'refused' | 'aborted' | 'usage' (a device of another account)
 */
export async function pushDuty(
  context: AgentContext,
  delegate: DeviceId,
  signal?: AbortSignalLike,
): Promise<number> {
  const packs: DutyPack[] = [];
  for await (const { device, ...facts } of context.repository.packFacts()) {
    if (device === context.device) packs.push(facts);
  }
  await sendDuty(context, delegate, packs, signal);
  return packs.length;
}

/** Ends the duty of another device; what it placed stays, and is this device's to let go. @throws RoostError as `pushDuty` */
export async function endDuty(
  context: AgentContext,
  delegate: DeviceId,
  signal?: AbortSignalLike,
): Promise<void> {
  await sendDuty(context, delegate, [], signal);
}

async function sendDuty(
  context: AgentContext,
  delegate: DeviceId,
  packs: readonly DutyPack[],
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const { platform, cooperation, signer, certificate, keys } = context;
  const parts = await makeDuty(platform.crypto, signer, {
    packs,
    certificate,
    at: platform.clock.now(),
  });
  const remote = await cooperation.session(delegate, signal ? { signal } : {});
  if (remote.peer.account !== keys.account) {
    throw new RoostError(
      'usage',
      `a delegate must be a device of this account, ${delegate} is another member's`,
    );
  }
  // In order: the last part tells that all are there.
  for (const part of parts) {
    throwIfAborted(signal);
    await remote.putDuty(part);
  }
}
