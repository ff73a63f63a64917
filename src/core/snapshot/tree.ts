import type { Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import { RoostError } from '../errors.ts';
import { FILE_NAME_MAX_BYTES, KIB, MIB } from '../limits.ts';
import type { Item } from '../schema.ts';
import { readCbor } from '../schema.ts';
import { compareUtf8, utf8Length } from '../utf8.ts';
import { chunkListBytes, readChunkList } from './chunk-list.ts';
import type { Tree, TreeEntry } from './types.ts';

/**
 * FORMAT.md "Tree": {v: 1, entries: [[name, kind, size, mtime, mode, owner, target, chunks] …]}, kind 0 file, 1 folder, 2 link;
 * mode, owner [uid, gid] and target are null where there is none.
 */
const VERSION = 1;
const KINDS: readonly TreeEntry['kind'][] = ['file', 'folder', 'link'];

/** An encoded folder; some 400,000 files of one chunk each. It is cut into chunks like a file. */
const TREE_MAX_BYTES = 64 * MIB;
const TREE_MAX_ENTRIES = 1_000_000;
/** A symbolic link's target: the longest path of Windows. */
const TARGET_MAX_BYTES = 32 * KIB;
const MODE_MAX = 0xffff;
const OWNER_MAX = 0xffff_ffff;

/** Whether a tree can hold this name: one part of a path, in Unicode, no longer than FILE_NAME_MAX_BYTES. */
export function isTreeName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !name.includes('/') &&
    !name.includes('\0') &&
    name.isWellFormed() &&
    utf8Length(name) <= FILE_NAME_MAX_BYTES
  );
}

/** Whether a tree can hold this target of a symbolic link. */
export function isLinkTarget(target: string): boolean {
  return target.isWellFormed() && utf8Length(target) <= TARGET_MAX_BYTES;
}

/**
 * Encodes a folder; the order of the entries given does not matter.
 * @throws RoostError 'usage' on a name that no tree can hold or that comes twice, 'unsupported' above TREE_MAX_BYTES
 */
export function encodeTree(tree: Tree): Bytes {
  const entries = tree.entries.toSorted((a, b) => compareUtf8(a.name, b.name));
  let before: string | undefined;
  for (const { name, target } of entries) {
    if (!isTreeName(name))
      throw new RoostError('usage', `a tree cannot hold a name of ${utf8Length(name)} bytes like this`);
    if (name === before) throw new RoostError('usage', 'names in a tree must be unique, got one twice');
    if (target !== undefined && utf8Length(target) > TARGET_MAX_BYTES) {
      throw new RoostError('usage', `a link's target must be at most ${TARGET_MAX_BYTES} bytes`);
    }
    before = name;
  }
  const bytes = encodeCbor({ v: VERSION, entries: entries.map(entryValue) });
  if (bytes.length > TREE_MAX_BYTES || entries.length > TREE_MAX_ENTRIES) {
    throw new RoostError(
      'unsupported',
      `a folder must encode to ${TREE_MAX_BYTES} bytes, got ${bytes.length}`,
    );
  }
  return bytes;
}

/** Decodes a folder. @throws RoostError 'malformed', also when names are out of order, twice or unsafe */
export function decodeTree(bytes: Uint8Array): Tree {
  return readCbor(bytes, TREE_MAX_BYTES, 'tree', (item) =>
    item.map((field) => {
      field('v').uint(VERSION, VERSION);
      let before: string | undefined;
      const entries = field('entries').list(TREE_MAX_ENTRIES, (value) => {
        const entry = readEntry(value);
        if (before !== undefined && compareUtf8(before, entry.name) >= 0)
          throw value.not('after the entry before it');
        before = entry.name;
        return entry;
      });
      return { entries };
    }),
  );
}

function entryValue(entry: TreeEntry): unknown[] {
  return [
    entry.name,
    KINDS.indexOf(entry.kind),
    entry.size,
    entry.mtimeNs,
    entry.mode ?? null,
    entry.owner ? [entry.owner.uid, entry.owner.gid] : null,
    entry.target ?? null,
    chunkListBytes(entry.chunks),
  ];
}

function readEntry(item: Item): TreeEntry {
  const at = item.tuple(8);
  const name = at(0).text(FILE_NAME_MAX_BYTES);
  if (!isTreeName(name)) throw at(0).not('one part of a path');
  const owner = at(5).orNone()?.tuple(2);
  return {
    name,
    kind: KINDS[at(1).uint(KINDS.length - 1)] ?? 'file',
    size: at(2).uint(),
    mtimeNs: at(3).int64(),
    mode: at(4).orNone()?.uint(MODE_MAX),
    owner: owner && { uid: owner(0).uint(OWNER_MAX), gid: owner(1).uint(OWNER_MAX) },
    target: at(6).orNone()?.text(TARGET_MAX_BYTES),
    chunks: readChunkList(at(7)),
  };
}
