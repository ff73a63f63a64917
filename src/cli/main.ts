#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Node.js strips types and compiles at each start, and again in each thread: half of a small run. What it made of the sources is kept for the
// next start. The folder is the user's own, for whoever can write to it can have anything run; where there can be none, nothing is kept.
const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'roost', 'compiled');
enableCompileCache(folder);
// Threads take it from here.
process.env['NODE_COMPILE_CACHE'] ??= folder;

await import('./program.ts');
