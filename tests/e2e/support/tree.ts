import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, lstat, mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { seededBytes, seededRandom } from './seeded.ts';

const MODULES = join(import.meta.dirname, '../../../node_modules');
const MIB = 1024 * 1024;

/** At least this much of a real source tree. */
export const REAL_TREE_FILES = 2000;
export const REAL_TREE_BYTES = 50 * MIB;

const LARGE_FILE_BYTES = 21 * MIB + 12_345;
const COPIED_BYTES = 32 * MIB;
/** One huge file would stand for many. */
const COPIED_FILE_MAX_BYTES = 3 * MIB;

/**
 * Makes a tree as people have them: sources of packages (2,000 files and more), deep folders, names in many scripts, empty
 * files and folders, and one large file that does not compress. 50 MB and more in all.
 */
export async function makeRealTree(root: string): Promise<void> {
  await mkdir(root, { recursive: true });
  let files = 0;
  let bytes = 0;
  for await (const file of filesBelow(MODULES)) {
    const { size } = await lstat(file);
    if (size > COPIED_FILE_MAX_BYTES) continue;
    const target = join(root, 'packages', relative(MODULES, file));
    await mkdir(join(target, '..'), { recursive: true });
    await copyFile(file, target);
    files++;
    bytes += size;
    if (files > REAL_TREE_FILES && bytes > COPIED_BYTES) break;
  }
  await makeOddNames(root);
  await writeFile(join(root, 'large.bin'), seededBytes(7, LARGE_FILE_BYTES));
}

/** Names and shapes that file systems allow and programs stumble over. */
export async function makeOddNames(root: string): Promise<void> {
  const deep = join(root, ...Array.from({ length: 24 }, (_, level) => `level-${level + 1}`));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'at the bottom.txt'), 'deep\n');

  const names = [
    'Grüße aus Köln.txt',
    '日本語のファイル.txt',
    'русский текст.md',
    'عربى.txt',
    'emoji 🐦🪺.txt',
    'e\u0301 decomposed and \u00e9 composed.txt',
    'spaces  and (brackets) [x] {y}.txt',
    'quotes \' and ".txt',
    '.hidden',
    'UPPER.TXT',
    'percent %41 and #hash?.txt',
    `${'long-'.repeat(40)}.txt`,
  ];
  const folder = join(root, 'names', 'Ünïcode 名前');
  await mkdir(folder, { recursive: true });
  for (const name of names) await writeFile(join(folder, name), `content of ${name}\n`);

  await mkdir(join(root, 'empty folder', 'nested empty'), { recursive: true });
  await writeFile(join(root, 'empty.file'), '');
  await writeFile(join(root, 'names', 'also-empty'), '');
}

/** A small tree that still makes several packs: `bytes` that do not compress, in files of about 200 KiB. */
export async function makeSmallTree(root: string, seed: number, bytes: number): Promise<void> {
  const random = seededRandom(seed);
  await mkdir(root, { recursive: true });
  for (let left = bytes, number = 0; left > 0; number++) {
    const size = Math.min(left, 1 + Math.floor(random() * 400 * 1024));
    const folder = join(root, `folder-${number % 5}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `file-${number}.bin`), seededBytes(seed + number, size));
    left -= size;
  }
}

export interface TreeDigest {
  readonly kind: 'file' | 'folder' | 'link';
  readonly size: number;
  /** SHA-256 of a file's bytes, the target of a link */
  readonly content: string;
}

/** Everything below `root` by its path with '/', the root itself left out. */
export async function digestTree(root: string): Promise<Map<string, TreeDigest>> {
  const digests = new Map<string, TreeDigest>();
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const name = relative(root, path).split(sep).join('/');
      if (entry.isDirectory()) {
        digests.set(name, { kind: 'folder', size: 0, content: '' });
        await visit(path);
      } else if (entry.isSymbolicLink()) {
        digests.set(name, { kind: 'link', size: 0, content: await readlink(path) });
      } else {
        const { size } = await lstat(path);
        digests.set(name, { kind: 'file', size, content: await sha256(path) });
      }
    }
  };
  await visit(root);
  return digests;
}

/** Files only: what a picked folder and a ZIP carry (browsers tell of no empty folders). */
export function onlyFiles(digests: ReadonlyMap<string, TreeDigest>): Map<string, TreeDigest> {
  return new Map([...digests].filter(([, { kind }]) => kind === 'file'));
}

/** What differs, one line each; empty when the trees are equal. Easier to read than two maps of 2,000 entries. */
export function treeDifferences(
  expected: ReadonlyMap<string, TreeDigest>,
  actual: ReadonlyMap<string, TreeDigest>,
): string[] {
  const lines: string[] = [];
  for (const [path, want] of expected) {
    const got = actual.get(path);
    if (got === undefined) lines.push(`missing: ${path}`);
    else if (got.kind !== want.kind) lines.push(`${path}: ${got.kind} for ${want.kind}`);
    else if (got.size !== want.size) lines.push(`${path}: ${got.size} bytes for ${want.size}`);
    else if (got.content !== want.content) lines.push(`${path}: other content`);
  }
  for (const path of actual.keys()) if (!expected.has(path)) lines.push(`unexpected: ${path}`);
  return lines;
}

/** Changes `share` of the files' bytes: a few bytes within large files, small files as a whole. @returns changed bytes */
export async function changeShare(root: string, share: number, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const digests = [...(await digestTree(root))].filter(([, { kind }]) => kind === 'file');
  const total = digests.reduce((sum, [, { size }]) => sum + size, 0);
  // No file larger than what is to be changed in all.
  const candidates = digests.filter(([, { size }]) => size > 0 && size < (total * share) / 4);
  let changed = 0;
  while (changed < total * share && candidates.length > 0) {
    const [picked] = candidates.splice(Math.floor(random() * candidates.length), 1);
    if (picked === undefined) break;
    const [path, { size }] = picked;
    await writeFile(join(root, path), seededBytes(seed + changed, size));
    changed += size;
  }
  return changed;
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    // Caches of tools change between runs.
    if (entry.isDirectory() && !basename(path).startsWith('.')) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
