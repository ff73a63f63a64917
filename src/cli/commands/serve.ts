import type { ActivityEntry, AgentApi } from '../../agent/api.ts';
import { GIB } from '../../core/limits.ts';
import type { Command, Invocation } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { formatBytes, formatTime, printable } from '../format.ts';
import { requireMember } from '../membership.ts';
import { aborted } from '../signals.ts';
import { parseSize, stringValue } from '../values.ts';

/** What a device gives that has not been told how much. */
const DEFAULT_OFFER_BYTES = 10 * GIB;

export const serve: Command = {
  name: 'serve',
  usage: '[--offer SIZE]',
  summary: "hold others' pieces until stopped; other commands with this home go through it",
  options: { offer: { type: 'string' } },
  positionals: [0, 0],
  shareable: false,
  async run(invocation) {
    const { values, home, output, signal, agents } = invocation;
    const offerText = stringValue(values, 'offer');
    const offer = offerText === undefined ? undefined : parseSize('offer', offerText);
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        const told = offer ?? (agent.state.space.offered === 0 ? DEFAULT_OFFER_BYTES : undefined);
        if (told !== undefined) await agent.setOffer(told);
        const stopTelling = tellActivity(agent, invocation);
        const sharing = await agents.share(home, agent, signal);
        output.result(
          { event: 'ready', device: agent.state.device },
          `Holding pieces for others: ${formatBytes(agent.state.space.offered)} offered. Ctrl-C stops it.`,
        );
        await aborted(signal);
        stopTelling();
        await sharing.close();
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};

/** Passes on what the agent logs from now on, oldest first. */
function tellActivity(agent: AgentApi, { output }: Invocation): () => void {
  let last: ActivityEntry | undefined = agent.state.activity[0];
  return agent.subscribe(({ activity }) => {
    const known = last === undefined ? -1 : activity.findIndex((entry) => sameEntry(entry, last));
    const fresh = known === -1 ? activity : activity.slice(0, known);
    last = activity[0] ?? last;
    for (const entry of [...fresh].reverse()) {
      const details = Object.entries(entry.details).map(
        ([name, value]) => `${name}=${printable(String(value))}`,
      );
      output.result(
        { ...entry.details, event: entry.event, at: entry.at, level: entry.level },
        [formatTime(entry.at), entry.event, ...details].join('  '),
      );
    }
  });
}

/** A state may be a copy, so entries are compared by what they say. */
function sameEntry(a: ActivityEntry, b: ActivityEntry | undefined): boolean {
  return (
    a === b ||
    (a.at === b?.at && a.event === b.event && JSON.stringify(a.details) === JSON.stringify(b.details))
  );
}
