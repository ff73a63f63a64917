/** Parts of the File System Access interface that TypeScript's DOM library does not have, because not every browser has them. */

export interface AskableHandle {
  queryPermission?(options: { readonly mode: 'read' | 'readwrite' }): Promise<PermissionState>;
  requestPermission?(options: { readonly mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}

export interface HandleItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

export interface SavePicker {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>;
}

/** Whether a picked handle may be used; asks the user where that is possible (it needs a click just before). */
export async function mayUse(handle: FileSystemHandle, mode: 'read' | 'readwrite'): Promise<boolean> {
  const askable = handle as FileSystemHandle & AskableHandle;
  // Browsers without the question grant what was picked.
  const state = (await askable.queryPermission?.({ mode })) ?? 'granted';
  if (state !== 'prompt') return state === 'granted';
  return (await askable.requestPermission?.({ mode })) === 'granted';
}
