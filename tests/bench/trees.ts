import { copyFile, lstat, mkdir, opendir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where files of a development machine lie: packages, documentation, programs. */
const ROOTS = [join(import.meta.dirname, '../../node_modules'), '/usr/share', '/usr/lib', '/usr/include'];
const MIB = 1024 * 1024;

export interface Tree {
  readonly files: number;
  readonly bytes: number;
}

/** Copies real files of at least 1 MiB, up to so many bytes. */
export function makeBigFiles(target: string, bytes: number): Promise<Tree> {
  return copyFiles(target, { files: Infinity, bytes }, (size) => size >= MIB);
}

/** Copies real files of all sizes: so many of up to 64 KiB, and larger ones until there are so many bytes. */
export async function makeMixedTree(target: string, most: Tree): Promise<Tree> {
  const small = await copyFiles(join(target, 'small'), most, (size) => size <= 64 * 1024);
  const left = { files: Infinity, bytes: Math.max(0, most.bytes - small.bytes) };
  const large = await copyFiles(join(target, 'large'), left, (size) => size > 64 * 1024);
  return { files: small.files + large.files, bytes: small.bytes + large.bytes };
}

async function copyFiles(target: string, most: Tree, wanted: (size: number) => boolean): Promise<Tree> {
  let files = 0;
  let bytes = 0;
  for (const root of ROOTS) {
    for await (const path of filesBelow(root)) {
      if (files >= most.files || bytes >= most.bytes) return { files, bytes };
      const { size } = await lstat(path);
      if (!wanted(size)) continue;
      const place = join(target, path);
      await mkdir(dirname(place), { recursive: true });
      await copyFile(path, place);
      files++;
      bytes += size;
    }
  }
  return { files, bytes };
}

/** Regular files, in the order of the system; what cannot be read is passed over. */
async function* filesBelow(folder: string): AsyncGenerator<string> {
  const directory = await opendir(folder).catch(() => undefined);
  if (directory === undefined) return;
  for await (const entry of directory) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
