import { writeFileSync } from 'node:fs';
import { makeGolden } from '../vectors/golden.ts';
import { noble } from '../unit/core-format/suites.ts';

// Run by hand, and only when the format changes on purpose: node tests/tools/write-vectors.ts
const path = new URL('../vectors/golden.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(await makeGolden(noble), null, 2)}\n`);
