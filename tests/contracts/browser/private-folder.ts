let made = 0;

/** A name that no other test uses. */
export function uniqueName(what: string): string {
  return `test-${what}-${Date.now().toString(36)}-${made++}`;
}

/** A fresh folder of the origin's private file system, and how to be rid of it. */
export async function privateFolder(
  name = uniqueName('folder'),
): Promise<{ readonly folder: FileSystemDirectoryHandle; remove(): Promise<void> }> {
  const root = await navigator.storage.getDirectory();
  const holder = await root.getDirectoryHandle(uniqueName('holder'), { create: true });
  const folder = await holder.getDirectoryHandle(name, { create: true });
  return {
    folder,
    remove: () => root.removeEntry(holder.name, { recursive: true }),
  };
}

/** The file at a path of parts, its folders made. */
export async function fileAt(
  folder: FileSystemDirectoryHandle,
  path: string,
): Promise<{ readonly parent: FileSystemDirectoryHandle; readonly name: string }> {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  let parent = folder;
  for (const part of parts) parent = await parent.getDirectoryHandle(part, { create: true });
  return { parent, name };
}

export async function writeFile(
  folder: FileSystemDirectoryHandle,
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const { parent, name } = await fileAt(folder, path);
  const writable = await (await parent.getFileHandle(name, { create: true })).createWritable();
  await writable.write(bytes);
  await writable.close();
}
