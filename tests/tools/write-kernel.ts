import { writeFileSync } from 'node:fs';
import { compiledKernel } from './compile-kernel.ts';

// `npm run kernel`, after each change in workers/kernel/assembly.
writeFileSync(new URL('../../workers/kernel/compiled.ts', import.meta.url), compiledKernel());
