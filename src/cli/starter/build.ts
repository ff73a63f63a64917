import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RoostError } from '../../core/errors.ts';
import { modifiedAt, newestBelow } from '../modified.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What the built app is made of. */
const SOURCES = [
  'index.html',
  'package-lock.json',
  'public',
  'src/adapters/web',
  'src/adapters/websocket',
  'src/agent',
  'src/app',
  'src/core',
  'src/ports',
  'vite.config.ts',
  'workers',
];

/** Whether the built app is missing or older than its sources. */
export function isStale(app: string): boolean {
  const built = modifiedAt(join(app, 'index.html'));
  return built === 0 || SOURCES.some((source) => newestBelow(join(ROOT, source)) > built);
}

/** @throws RoostError 'internal' when the build fails, 'aborted' */
export async function buildApp(signal: AbortSignal): Promise<void> {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
  const [code] = (await once(child, 'exit')) as [number | null];
  signal.removeEventListener('abort', stop);
  if (signal.aborted) throw new RoostError('aborted', 'stopped');
  if (code !== 0) throw new RoostError('internal', `vite build ended with ${code ?? 'a signal'}`);
}
