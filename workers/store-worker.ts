/// <reference lib="webworker" />
import { expose, transfer } from 'comlink';
import { RoostError } from '../src/core/errors.ts';
import { holdLifeline } from './lifeline.ts';
import { outcomeOf } from './outcome.ts';
import type { StoreApi } from './store-api.ts';
import { storageFault } from './volume-file.ts';
import { VolumeStore } from './volume-store.ts';

/** The disk of a browser: sync access handles are to be had in dedicated workers only. */
let opened: VolumeStore | undefined;

function store(): VolumeStore {
  if (opened === undefined) throw new RoostError('usage', 'the store worker must be opened first');
  return opened;
}

const api: StoreApi = {
  holdLifeline,
  open: (folder) =>
    outcomeOf(async () => {
      try {
        const root = await navigator.storage.getDirectory();
        opened = new VolumeStore(await root.getDirectoryHandle(folder, { create: true }));
      } catch (error) {
        throw storageFault('opening the private file system', error);
      }
    }),
  list: () => outcomeOf(() => store().list()),
  append: (volume, data) => outcomeOf(() => store().append(volume, data)),
  flush: (volume) => outcomeOf(() => store().flush(volume)),
  async read(volume, offset, length) {
    const outcome = await outcomeOf(() => store().read(volume, offset, length));
    return outcome.ok ? transfer(outcome, [outcome.value.buffer]) : outcome;
  },
  truncate: (volume, bytes) => outcomeOf(() => store().truncate(volume, bytes)),
  remove: (volume) => outcomeOf(() => store().remove(volume)),
  close: () => outcomeOf(() => store().close()),
};

expose(api);
