import type { ChildNode, FolderNode } from './folder-node.ts';
import { FolderSource } from './folder-source.ts';
import { turns } from './turns.ts';

/** A folder put together from the paths of files. */
class ListedFolder implements FolderNode {
  readonly folders = new Map<string, ListedFolder>();
  readonly files = new Map<string, File>();

  async *children(): AsyncGenerator<ChildNode> {
    for (const [name, folder] of this.folders) yield { kind: 'folder', name, folder };
    for (const [name, file] of this.files) yield { kind: 'file', name, open: () => Promise.resolve(file) };
    await Promise.resolve();
  }

  folder(name: string): ListedFolder {
    const present = this.folders.get(name);
    if (present !== undefined) return present;
    const made = new ListedFolder();
    this.folders.set(name, made);
    return made;
  }
}

/**
 * The files of `<input type=file webkitdirectory>` as sources, one for each folder picked. The list names files only, so
 * empty folders are not seen. Files without a folder (a plain file input) go to one source called `looseName`.
 */
export async function fileListSources(
  files: Iterable<File>,
  looseName: string,
): Promise<readonly FolderSource[]> {
  const roots = new ListedFolder();
  for (const file of files) {
    const later = turns.pass();
    if (later) await later;
    const parts = file.webkitRelativePath.split('/').filter((part) => part !== '');
    const name = parts.pop() ?? file.name;
    const [root = looseName, ...folders] = parts;
    let folder = roots.folder(root);
    for (const part of folders) folder = folder.folder(part);
    folder.files.set(freeName(folder.files, name), file);
  }
  return [...roots.folders].map(([name, folder]) => new FolderSource(name, folder));
}

/** Loose files of several folders may have one name: `a.txt`, `a (2).txt`. */
function freeName(taken: ReadonlyMap<string, unknown>, name: string): string {
  if (!taken.has(name)) return name;
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let count = 2; ; count++) {
    const candidate = `${stem} (${count})${ending}`;
    if (!taken.has(candidate)) return candidate;
  }
}
