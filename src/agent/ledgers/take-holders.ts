import { faultOf, messageOf } from '../../core/errors.ts';
import type { DeviceId } from '../../core/ids.ts';
import { verifyPartnerList } from '../../core/partnership/partner-list.ts';
import type { AbortSignalLike } from '../../core/progress.ts';
import type { AgentContext } from '../context.ts';
import { mapLimited } from '../../core/limiter.ts';
import type { Remote } from '../session/types.ts';
import { takeLedger } from './reconcile.ts';

const HOLDERS_UNDER_WAY = 8;
/** Devices asked in one go; a list that names more is no help but a load. */
const HOLDERS_MAX = 256;

/**
 * Learns what holders keep for all devices of the account, without opening a head: from everybody in reach, and from those whom their
 * copies of our devices' partner lists name.
 * @param read holders whose ledgers have been read just now: only their lists are asked for
 * @throws RoostError 'aborted'
 */
export async function takeHolders(
  context: AgentContext,
  read: ReadonlySet<DeviceId>,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const { cooperation, device } = context;
  const asked = new Set<DeviceId>([device]);
  let batch = new Set<DeviceId>([
    ...cooperation.connected().map(({ peer }) => peer.device),
    ...onlinePartners(context),
  ]);
  while (batch.size > 0 && asked.size < HOLDERS_MAX) {
    const next = [...batch].filter((holder) => !asked.has(holder)).slice(0, HOLDERS_MAX - asked.size);
    for (const holder of next) asked.add(holder);
    const named = await mapLimited(next, HOLDERS_UNDER_WAY, (holder) =>
      askHolder(context, holder, read.has(holder), signal),
    );
    batch = new Set(named.flat().filter((holder) => !asked.has(holder)));
  }
}

/** Partners that can be asked now. */
export function onlinePartners({ cooperation }: AgentContext): readonly DeviceId[] {
  return cooperation.partners().flatMap((partner) => (partner.online ? [partner.device] : []));
}

/** @returns holders that it names */
async function askHolder(
  context: AgentContext,
  holder: DeviceId,
  read: boolean,
  signal: AbortSignalLike | undefined,
): Promise<readonly DeviceId[]> {
  const { cooperation, platform } = context;
  try {
    const remote = await cooperation.session(holder, signal ? { signal } : {});
    for (const encoded of read ? [] : await remote.agreements()) {
      const { agreement, adopted } = await cooperation.adopt(encoded, holder);
      // Rows of this device's own agreements are known here.
      if (adopted) await takeLedger(context, remote, agreement.id, signal);
    }
    return await listedHolders(context, remote);
  } catch (error) {
    if (faultOf(error) === 'aborted') throw error;
    platform.log.info('holder not read', {
      device: holder,
      fault: faultOf(error),
      message: messageOf(error),
    });
    return [];
  }
}

async function listedHolders(context: AgentContext, remote: Remote): Promise<readonly DeviceId[]> {
  const { platform, keys } = context;
  const named: DeviceId[] = [];
  for (const encoded of await remote.partnerLists(keys.account)) {
    const list = await verifyPartnerList(platform.crypto, encoded);
    if (list.by.account === keys.account) named.push(...list.partners.map(({ device }) => device));
  }
  return named;
}
