#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { pathToFileURL } from 'node:url';
import { builtProgram } from './built-program.js';

// This file and those it imports are no TypeScript: what strips types takes a tenth of a second to load, and nothing is kept of it yet when they are read.
//
// Node.js compiles at each start, and again in each thread: half of a small run. What it made of the program is kept for the
// next start. The folder is the user's own, for whoever can write to it can have anything run; where there can be none, nothing is kept.
const folder = join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'roost', 'compiled');
enableCompileCache(folder);
// Threads take it from here.
env['NODE_COMPILE_CACHE'] ??= folder;

const built = env['ROOST_SOURCES'] ? undefined : builtProgram();
if (built === undefined) await import('./program.ts');
else await import(pathToFileURL(built).href);
