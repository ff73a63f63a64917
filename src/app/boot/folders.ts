import { droppedSources } from '../../adapters/web/dropped-sources.ts';
import { fileListSources } from '../../adapters/web/file-list-source.ts';
import { mayUse } from '../../adapters/web/file-system-access.ts';
import type { HandleItem } from '../../adapters/web/file-system-access.ts';
import type { FolderHandles } from '../../adapters/web/folder-handles.ts';
import { opensSilently } from '../../adapters/web/folder-handles.ts';
import { handleSource } from '../../adapters/web/handle-source.ts';
import type { ChosenFolder, FolderAccess, RememberedFolder } from '../services.ts';
import { text } from '../text/text.ts';
import { canPickDirectory, pickDirectory } from './directory-picker.ts';

/** Folders by dialog, input and drop; those with a handle are kept for the next visit. */
export function webFolders(handles: FolderHandles): FolderAccess {
  const chosen = (handle: FileSystemDirectoryHandle): ChosenFolder => ({
    name: handle.name,
    source: handleSource(handle),
    remembered: true,
  });

  const remembered = async (handle: FileSystemDirectoryHandle): Promise<RememberedFolder> => ({
    name: handle.name,
    granted: await opensSilently(handle),
    open: async () => ((await mayUse(handle, 'read')) ? chosen(handle) : undefined),
  });

  return {
    canPick: canPickDirectory(),
    pick: async () => {
      const handle = await pickDirectory('read');
      if (handle === undefined) return undefined;
      await handles.keep(handle);
      return chosen(handle);
    },
    fromInput: async (files) => {
      const sources = await fileListSources(files, text.home.looseFiles);
      return sources.map((source) => ({ name: source.name, source, remembered: false }));
    },
    fromDrop: async (transfer) => {
      // Both before the first wait: a drop's items are empty afterwards.
      const kept = [...transfer.items].map(
        (item) => (item as HandleItem).getAsFileSystemHandle?.() ?? Promise.resolve(null),
      );
      const sources = await droppedSources(transfer, text.home.looseFiles);
      const names = new Set<string>();
      for (const handle of await Promise.all(kept)) {
        if (!(handle instanceof FileSystemDirectoryHandle)) continue;
        await handles.keep(handle);
        names.add(handle.name);
      }
      return sources.map((source) => ({ name: source.name, source, remembered: names.has(source.name) }));
    },
    remembered: async () => Promise.all((await handles.all()).map(remembered)),
    forget: (name) => handles.forget(name),
  };
}
