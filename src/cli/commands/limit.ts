import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { formatBytes } from '../format.ts';
import { requireMember } from '../membership.ts';
import { parseSize, stringValue } from '../values.ts';

const NONE = 'none';

export const limit: Command = {
  name: 'limit',
  usage: `[--upload SIZE|${NONE}]`,
  summary: 'what this device may send a second, to all partners together; kept until it is set anew',
  options: { upload: { type: 'string' } },
  positionals: [0, 0],
  shareable: true,
  async run({ values, home, output, agents }) {
    const wanted = stringValue(values, 'upload');
    const bytes = wanted === undefined || wanted === NONE ? undefined : parseSize('upload', wanted);
    return agents.use(home, async (agent) => {
      requireMember(agent);
      if (wanted !== undefined) await agent.setUploadLimit(bytes);
      const { uploadLimit } = agent.state;
      output.result(
        { event: 'done', uploadLimit: uploadLimit ?? null },
        uploadLimit === undefined
          ? 'Uploads have no limit.'
          : `At most ${formatBytes(uploadLimit)} a second are sent.`,
      );
      return EXIT_DONE;
    });
  },
};
