import type { Writable } from 'node:stream';

/**
 * Ends the process once all that was written has left it. libdatachannel's threads sometimes outlive a connection that was
 * closed while it was being made, and would keep a finished command from ending.
 */
export async function exitWith(code: number): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    // A reader that has gone away takes nothing any more.
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
