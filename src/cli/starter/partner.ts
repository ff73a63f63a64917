// One partner of the starter cooperative: `node partner.ts HOME BROKER NAME`, started by partner-process.ts. The first line
// of its input is an invite or empty; it prints one line once it holds pieces and runs until its input ends.
import { createInterface } from 'node:readline';
import { createAgent } from '../../agent/agent.ts';
import { createNodePlatform } from '../../adapters/nodejs/platform.ts';
import { RoostError, faultOf } from '../../core/errors.ts';
import { GIB } from '../../core/limits.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT_DONE } from '../exit-codes.ts';
import { exitWith } from '../exit.ts';
import { reportFault } from '../faults.ts';
import { createOutput } from '../output.ts';
import { saveSettings } from '../settings.ts';
import { stderrLog } from '../stderr-log.ts';
import { reusableInvite } from './invite.ts';
import { PARTNER_BUSY } from './partner-process.ts';

const OFFER_BYTES = 20 * GIB;
const COOPERATIVE_NAME = 'Starter';

async function serve(home: string, broker: string, name: string): Promise<void> {
  const input = createInterface({ input: process.stdin });
  const ended = new Promise<void>((resolve) => input.once('close', resolve));
  const invite = await new Promise<string>((resolve) => input.once('line', resolve));

  await saveSettings(home, { broker });
  const platform = await createNodePlatform({ home, broker, log: stderrLog() });
  const agent = await createAgent(platform);
  if (agent.state.phase === 'new') {
    const { words } = await agent.createAccount();
    await agent.setDeviceLabel(name);
    // Beside the keys they give, under the same protection.
    await writeFile(join(home, 'words.txt'), `${words}\n`, { mode: 0o600 });
  }
  if (agent.state.phase === 'keys') {
    if (invite === '') await agent.found(COOPERATIVE_NAME, name);
    else await agent.join(invite, name);
    await agent.setOffer(OFFER_BYTES);
  }
  await agent.start();
  process.stdout.write(`${invite === '' ? await reusableInvite(home, broker, agent) : ''}\n`);
  await ended;
  await agent.stop();
  await platform.close();
}

// Signals are for the process that started this one, which ends its input.
process.on('SIGINT', () => undefined);
const [home, broker, name] = process.argv.slice(2);
const output = createOutput(
  {
    out: () => undefined,
    err: (text) => void process.stderr.write(text),
    columns: 0,
  },
  false,
  () => performance.now(),
);
let code = EXIT_DONE;
try {
  if (home === undefined || broker === undefined || name === undefined) {
    throw new RoostError('usage', 'partner.ts needs HOME, BROKER and NAME');
  }
  await serve(home, broker, name);
} catch (error) {
  code = reportFault(output, error);
  if (faultOf(error) === 'busy') process.stdout.write(`${PARTNER_BUSY}\n`);
}
await exitWith(code);
