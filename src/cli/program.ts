import { nodeAgents } from './agents.ts';
import { exitWith } from './exit.ts';
import { run } from './run.ts';
import { shareHome } from './sharing.ts';
import { stopSignal } from './signals.ts';

// Data channels and timers of the agent keep no process alive: with the broker gone nothing else would.
const KEEP_ALIVE_MS = 60_000;
const alive = setInterval(() => undefined, KEEP_ALIVE_MS);

// Who reads our output may have enough of it, as `head` does: what is under way goes on without.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const code = await run({
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
clearInterval(alive);
await exitWith(code);
