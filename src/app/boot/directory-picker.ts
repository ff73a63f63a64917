/** The folder dialog of Chromium; TypeScript's DOM does not have it, because not every browser does. */
interface DirectoryPicker {
  showDirectoryPicker?(options: {
    readonly id: string;
    readonly mode: 'read' | 'readwrite';
  }): Promise<FileSystemDirectoryHandle>;
}

const page = globalThis as typeof globalThis & DirectoryPicker;

export const canPickDirectory = (): boolean => page.showDirectoryPicker !== undefined;

/** Opens the dialog; undefined when it was closed without a choice. To be called from a click. */
export async function pickDirectory(
  mode: 'read' | 'readwrite',
): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    // The dialog remembers the last place of each purpose.
    return await page.showDirectoryPicker?.({ id: mode === 'read' ? 'backup' : 'restore', mode });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return undefined;
    throw error;
  }
}
