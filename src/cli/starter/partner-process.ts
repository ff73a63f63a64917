import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RoostError } from '../../core/errors.ts';

/** What a partner says instead of its invite when another process has its home. */
export const PARTNER_BUSY = '!busy';

const SCRIPT = fileURLToPath(new URL('partner.ts', import.meta.url));

export interface PartnerOptions {
  readonly home: string;
  readonly broker: string;
  readonly name: string;
  /** link it joins by when it is new; without one it founds the cooperative */
  readonly invite?: string;
  readonly signal: AbortSignal;
  /** told when it ends though nobody stopped it */
  readonly onGone: (name: string) => void;
}

export interface PartnerProcess {
  /** multi-use link into the cooperative; empty for partners that joined by one */
  readonly invite: string;
  stop(): Promise<void>;
}

/** Starts one partner as a process of its own and waits until it holds pieces. @throws RoostError 'internal' | 'busy' when another process has its home */
export async function startPartner({
  home,
  broker,
  name,
  invite,
  signal,
  onGone,
}: PartnerOptions): Promise<PartnerProcess> {
  signal.throwIfAborted();
  // The invite goes through a pipe: argument lists are public on most systems.
  const child = spawn(process.execPath, [...process.execArgv, SCRIPT, home, broker, name], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C reaches the whole process group; partners are stopped by us, in order.
    detached: process.platform !== 'win32',
  });
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${invite ?? ''}\n`);
  const ended = once(child, 'exit');
  const ready = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).once('line', resolve);
  });
  const line = await Promise.race([ready, ended.then(() => undefined)]);
  if (line === PARTNER_BUSY)
    throw new RoostError('busy', `${home} is in use: perhaps npm start runs already`);
  if (line === undefined) throw new RoostError('internal', `the partner in ${home} did not start`);
  let stopping = false;
  void ended.then(() => {
    if (!stopping && !signal.aborted) onGone(name);
  });
  return {
    invite: line.trim(),
    async stop() {
      stopping = true;
      // The end of its input stops a partner, also when this process was killed.
      child.stdin.end();
      await ended;
    },
  };
}
