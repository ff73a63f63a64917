import type { AgentApi, PartnerView } from '../../agent/api.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { formatBytes, formatDay, formatTime, printable } from '../format.ts';
import { requireMember } from '../membership.ts';
import type { Output } from '../output.ts';
import { onlineShare, onlineText, partnerReason, proofText } from '../partner-text.ts';
import { findPartner } from '../partners.ts';
import { stringValue } from '../values.ts';

export const partners: Command = {
  name: 'partners',
  usage: '[--end DEVICE]',
  summary: 'list who holds your pieces and whose you hold; --end ends the agreement with one, in order',
  options: { end: { type: 'string' } },
  positionals: [0, 0],
  shareable: true,
  async run({ values, home, output, agents }) {
    const end = stringValue(values, 'end');
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        if (end !== undefined) return endPartnership(agent, end, output);
        for (const partner of agent.state.partners) tellPartner(partner, output);
        if (agent.state.partners.length === 0) output.note('There are no partners yet.');
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};

async function endPartnership(agent: AgentApi, name: string, output: Output): Promise<number> {
  const partner = findPartner(agent, name);
  await agent.endPartnership(partner.device);
  output.result(
    { event: 'done', ended: partner.device },
    `The partnership with ${printable(partner.name)} is ending: pieces move away first, both ways.`,
  );
  return EXIT_DONE;
}

function tellPartner(partner: PartnerView, output: Output): void {
  const { device, name, deviceLabel, state, reason, online, lastSeenAt, platform, storageClass } = partner;
  const { lastProofAt, proofs, graceEndsAt, schedule, terms, held, holding, givesUs, weGive } = partner;
  const seen = online ? 'online' : lastSeenAt === undefined ? 'never seen' : `seen ${formatTime(lastSeenAt)}`;
  const proof = proofText(partner);
  const lines = [
    `${device.slice(0, 8)}  ${state}  ${printable(name)} (${printable(deviceLabel)})`,
    `  ${partnerReason(partner)}; ${seen}, ${onlineText(schedule)}`,
    ...(proof === undefined ? [] : [`  ${proof}`]),
    `  holds ${formatBytes(held)} of yours of ${formatBytes(givesUs)}, you hold ${formatBytes(holding)} of ${formatBytes(weGive)}`,
    ...(terms === undefined ? [] : [`  agreement ends ${formatDay(terms.expiresAt)}`]),
  ];
  output.result(
    {
      device,
      name,
      deviceLabel,
      state,
      reason,
      online,
      lastSeenAt,
      held,
      holding,
      givesUs,
      weGive,
      platform,
      storageClass,
      lastProofAt,
      proofs,
      graceEndsAt,
      onlineShare: onlineShare(schedule),
      schedule,
      terms,
    },
    lines.join('\n'),
  );
}
