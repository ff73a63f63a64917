// AssemblyScript, compiled by `npm run kernel`: all that the module exports. Its memory comes from outside (memory.ts).
export { sums1, sums2, sums3, sums4, sums5 } from './products';
export { scan } from './scan';
