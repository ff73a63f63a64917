import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RoostError } from '../../core/errors.ts';

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
export async function isStale(app: string): Promise<boolean> {
  const built = await modifiedAt(join(app, 'index.html'));
  if (built === undefined) return true;
  for (const source of SOURCES) {
    if ((await newestBelow(join(ROOT, source))) > built) return true;
  }
  return false;
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

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

/** The newest modification of a file or of anything in a folder; 0 when it is not there. */
async function newestBelow(path: string): Promise<number> {
  let newest = (await modifiedAt(path)) ?? 0;
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    newest = Math.max(newest, (await modifiedAt(join(entry.parentPath, entry.name))) ?? 0);
  }
  return newest;
}
