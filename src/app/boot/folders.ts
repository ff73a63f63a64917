import { droppedSources } from '../../adapters/web/dropped-sources.ts';
import { fileListSources } from '../../adapters/web/file-list-source.ts';
import { mayUse } from '../../adapters/web/file-system-access.ts';
import type { FolderHandles, KeptHandle } from '../../adapters/web/folder-handles.ts';
import { opensSilently } from '../../adapters/web/folder-handles.ts';
import type { FolderSource } from '../../adapters/web/folder-source.ts';
import { handleSource } from '../../adapters/web/handle-source.ts';
import type { ChosenFolder, FolderAccess, RememberedFolder } from '../services.ts';
import { text } from '../text/text.ts';
import { canPickDirectory, pickDirectory } from './directory-picker.ts';

/** Folders by dialog, input and drop; those with a handle are kept for the next visit. */
export function webFolders(handles: FolderHandles): FolderAccess {
  const withHandle = (
    { name, handle }: KeptHandle,
    source: FolderSource = handleSource(handle),
  ): ChosenFolder => ({
    name,
    source: source.named(name),
    former: async () => {
      const kept = (await handles.all()).find((other) => other.name === name);
      if (kept === undefined) return 'unknown';
      return (await kept.handle.isSameEntry(handle)) ? 'same' : 'other';
    },
    keep: () => handles.keep({ name, handle }),
    named: (other) => withHandle({ name: other, handle }, source),
  });

  /** Under the name that it was kept under before, or its own. */
  const chosen = async (handle: FileSystemDirectoryHandle, source?: FolderSource): Promise<ChosenFolder> =>
    withHandle({ name: (await handles.nameOf(handle)) ?? handle.name, handle }, source);

  const remembered = async (kept: KeptHandle): Promise<RememberedFolder> => ({
    name: kept.name,
    granted: await opensSilently(kept.handle),
    open: async () => ((await mayUse(kept.handle, 'read')) ? withHandle(kept) : undefined),
  });

  return {
    canPick: canPickDirectory(),
    pick: async () => {
      const handle = await pickDirectory('read');
      return handle && chosen(handle);
    },
    fromInput: async (files) => (await fileListSources(files, text.home.looseFiles)).map(withoutHandle),
    fromDrop: async (transfer) => {
      const dropped = await droppedSources(transfer, text.home.looseFiles);
      return Promise.all(
        dropped.map(async ({ source, handle }) => (handle ? chosen(handle, source) : withoutHandle(source))),
      );
    },
    remembered: async () => Promise.all((await handles.all()).map(remembered)),
    forget: (name) => handles.forget(name),
  };
}

/** A folder that the browser forgets with the page, and cannot compare with another. */
function withoutHandle(source: FolderSource): ChosenFolder {
  return {
    name: source.name,
    source,
    former: () => Promise.resolve('unknown'),
    keep: () => Promise.resolve(),
    named: (name) => withoutHandle(source.named(name)),
  };
}
