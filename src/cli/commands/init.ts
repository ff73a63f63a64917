import { hostname } from 'node:os';
import { RoostError, faultOf } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { EXIT_DONE } from '../exit-codes.ts';
import { DEFAULT_BROKER, loadSettings } from '../settings.ts';
import { parseBroker, readWords, stringValue } from '../values.ts';

export const init: Command = {
  name: 'init',
  usage: '[--broker URL] [--words-file FILE]',
  summary:
    'make a new account (prints its words once), or make this a device of the account with these words',
  options: { broker: { type: 'string' }, 'words-file': { type: 'string' } },
  positionals: [0, 0],
  shareable: false,
  async run({ values, home, cwd, output, signal, agents }) {
    const wordsFile = stringValue(values, 'words-file');
    const words = wordsFile === undefined ? undefined : await readWords(cwd, wordsFile);
    const brokerText = stringValue(values, 'broker');
    const broker =
      brokerText === undefined
        ? ((await loadSettings(home))?.broker ?? DEFAULT_BROKER)
        : parseBroker(brokerText);

    return agents.use(
      home,
      async (agent) => {
        if (agent.state.phase !== 'new') {
          throw new RoostError('usage', `${home} has an account already: choose another --home`);
        }
        const made = words === undefined ? await agent.createAccount() : undefined;
        if (words !== undefined) await agent.useWords(words);
        await agent.setDeviceLabel(hostname());
        if (words !== undefined) {
          try {
            await agent.recover({ signal });
          } catch (error) {
            // An account that never joined a cooperative has nothing to recover.
            if (faultOf(error) !== 'wrong-words') throw error;
            output.note('No cooperative is known for these words: join or found one.');
          }
        }
        const { account, device } = agent.state;
        if (made === undefined) {
          output.result({ account, device }, `This is now a device of the account ${account ?? ''}.`);
        } else {
          output.result(
            { account, device, words: made.words },
            `Your twelve words bring everything back on any device. Write them down now: they are not shown again.\n\n    ${made.words}\n`,
          );
        }
        return EXIT_DONE;
      },
      { broker },
    );
  },
};
