// A device under Node.js whose time can be sped up: `node sped-agent.ts HOME BROKER NAME OFFER AHEAD_MS`. The first line of its
// input is an invite, or empty for the one that founds the cooperative. Then each line `jump MS` or `stop` is answered by one
// line of JSON. Other commands reach it as they reach `roost serve`: `roost … --home HOME`.
import { createInterface } from 'node:readline';
import { createNodePlatform } from '../../../src/adapters/nodejs/platform.ts';
import { systemClock } from '../../../src/adapters/nodejs/system-clock.ts';
import { createAgent } from '../../../src/agent/agent.ts';
import { shareHome } from '../../../src/cli/sharing.ts';
import { saveSettings } from '../../../src/cli/settings.ts';
import { stderrLog } from '../../../src/cli/stderr-log.ts';
import { SpedClock } from './sped-clock.ts';

const [home, broker, name, offer, ahead] = process.argv.slice(2);
if (home === undefined || broker === undefined || name === undefined)
  throw new Error('HOME, BROKER and NAME');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const nextLine = async (): Promise<string> => {
  const { value, done } = await lines.next();
  return done === true ? 'stop' : value;
};
const tell = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const invite = await nextLine();
const clock = new SpedClock(systemClock, Number(ahead));
await saveSettings(home, { broker });
const platform = { ...(await createNodePlatform({ home, broker, log: stderrLog(), threads: 1 })), clock };
const agent = await createAgent(platform);
let link = '';
if (agent.state.phase === 'new') {
  await agent.createAccount();
  await agent.setDeviceLabel(name);
  if (invite === '') link = (await agent.found('Sped cooperative', name)).invite;
  else await agent.join(invite, name);
  await agent.setOffer(Number(offer));
}
await agent.start();
const serving = new AbortController();
const sharing = await shareHome(home, agent, serving.signal);
tell({ event: 'ready', device: agent.state.device, invite: link });

for (let line = await nextLine(); line !== 'stop'; line = await nextLine()) {
  const [command, ms] = line.split(' ');
  if (command !== 'jump') throw new Error(`unknown command "${line}"`);
  clock.jump(Number(ms));
  tell({ event: 'jumped', ms: Number(ms) });
}
serving.abort();
await sharing.close();
await agent.stop();
await platform.close();
process.exit(0);
