import { RoostError } from '../../core/errors.ts';
import { parseDeviceId } from '../../core/ids.ts';
import type { DeviceId } from '../../core/ids.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { requireMember } from '../membership.ts';

export const delegate: Command = {
  name: 'delegate',
  usage: 'DEVICE|none',
  summary: 'let another device of this account check partners and make lost pieces again; it cannot read',
  options: {},
  positionals: [1, 1],
  shareable: true,
  async run({ positionals, home, output, agents }) {
    const device = parseDelegate(positionals[0] ?? '');
    return agents.use(
      home,
      async (agent) => {
        requireMember(agent);
        await agent.setDelegate(device);
        output.result(
          { event: 'done', delegate: device ?? null },
          device === undefined
            ? 'No other device acts in place of this one.'
            : `${device.slice(0, 8)} now checks partners and makes lost pieces again while this device is away.`,
        );
        return EXIT_DONE;
      },
      { online: true },
    );
  },
};

/** @throws RoostError 'usage' */
function parseDelegate(text: string): DeviceId | undefined {
  if (text === 'none') return undefined;
  try {
    return parseDeviceId(text);
  } catch (cause) {
    throw new RoostError(
      'usage',
      `a delegate is "none" or the 40 digits of a device's id ("roost status --json" there tells it), got "${text}"`,
      { cause },
    );
  }
}
