import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for one scenario, and whatever has to be stopped at its end. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  path(...parts: string[]): string;
  /** Called at the end, the newest first. */
  onClose(action: () => Promise<unknown>): void;
}

/** Opens a workspace; `close` stops all that was started in it and removes it. */
export async function openWorkspace(name: string): Promise<Workspace & { close(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), `roost-e2e-${name}-`));
  const actions: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const action of actions.splice(0).reverse()) await action();
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return {
    directory,
    path: (...parts) => join(directory, ...parts),
    onClose: (action) => void actions.push(action),
    close,
    [Symbol.asyncDispose]: close,
  };
}
