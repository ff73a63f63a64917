import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import type { TreeDigest } from './tree.ts';

/** Files of an archive by path, as `digestTree` tells them. */
export async function digestZip(path: string): Promise<Map<string, TreeDigest>> {
  const digests = new Map<string, TreeDigest>();
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(path)))) {
    if (name.endsWith('/')) continue;
    const content = createHash('sha256').update(bytes).digest('hex');
    digests.set(name, { kind: 'file', size: bytes.length, content });
  }
  return digests;
}
