import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The app as `npm run build` leaves it. */
export const APP_DIRECTORY = fileURLToPath(new URL('../../dist', import.meta.url));

/** The folder of the built app; undefined when it is not built. */
export async function builtApp(): Promise<string | undefined> {
  try {
    await access(join(APP_DIRECTORY, 'index.html'));
    return APP_DIRECTORY;
  } catch {
    return undefined;
  }
}
