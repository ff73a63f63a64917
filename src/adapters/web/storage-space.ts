import type { StorageClass, StorageSpace } from '../../ports/blob-store.ts';

/** What the browser grants this origin. An installed app keeps running without tabs, so partners prefer it. */
export async function storageSpace(): Promise<StorageSpace> {
  const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([
    navigator.storage.estimate(),
    navigator.storage.persisted(),
  ]);
  return { used: usage, quota: Math.max(quota, usage), storageClass: storageClass(), persisted };
}

function storageClass(): StorageClass {
  const installed = matchMedia('(display-mode: standalone), (display-mode: minimal-ui)').matches;
  return installed ? 'installed' : 'tab';
}
