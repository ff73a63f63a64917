#!/usr/bin/env node
import { nodeAgents } from './agents.ts';
import { run } from './run.ts';
import { shareHome } from './sharing.ts';
import { stopSignal } from './signals.ts';

// The exit code waits until all is written: process.exit() would cut a pipe short.
process.exitCode = await run({
  args: process.argv.slice(2),
  cwd: process.cwd(),
  env: process.env,
  streams: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: process.stderr.isTTY ? process.stderr.columns : 0,
  },
  signal: stopSignal(),
  agents: nodeAgents(shareHome),
  shared: false,
});
