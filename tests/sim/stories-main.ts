// Tells the scenarios with a plot: small cooperatives in which certain members lie, or certain things go wrong.
//
//   npm run stories [-- --story NAME] [--seed TEXT] [--short] [--bail] [--except NAME] [--out FOLDER]
//
//   --story NAME    one of scenarios/stories.ts; all when left out
//   --short         as continuous integration tells them
//   --bail          ends with the first law that does not hold
//   --except NAME   not this one; may be given several times
//   --out FOLDER    where plots go; data/sim when left out
import { parseArgs } from 'node:util';
import { STORIES } from './scenarios/stories.ts';
import { SHORT_STORIES } from './short-stories.ts';
import { tellStories } from './tell-stories.ts';

const { values } = parseArgs({
  options: {
    story: { type: 'string' },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
    except: { type: 'string', multiple: true, default: [] },
    out: { type: 'string', default: 'data/sim' },
  },
});

const stories = (values.short ? SHORT_STORIES : STORIES).filter(
  ({ name }) => (values.story === undefined || name === values.story) && !values.except.includes(name),
);
if (stories.length === 0) {
  for (const { name, describe } of STORIES) console.log(`  ${name.padEnd(22)}${describe}`);
  process.exitCode = 2;
} else {
  process.exitCode = await tellStories(stories, values);
}
