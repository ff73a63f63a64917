import { openDownload } from '../../../src/adapters/web/download.ts';
import { createSystemClock } from '../../../src/adapters/web/system-clock.ts';
import { createTimers } from '../../../src/adapters/web/timers.ts';
import { ZipSink } from '../../../src/adapters/web/zip-sink.ts';
import { patternBytes } from '../expect-fault.ts';
import { restored } from '../sink.ts';

/** What the service worker's tests do in their page. */
export interface DownloadPage {
  /** Registers the service worker and waits until it controls the page. */
  register(script: string): Promise<void>;
  /** Downloads an archive of one file of so many MiB; gives it up half way when told to. */
  download(name: string, mebibytes: number, giveUp?: boolean): Promise<string>;
}

const clock = createSystemClock(createTimers());

const page: DownloadPage = {
  async register(script) {
    const controlled = new Promise((resolve) => {
      if (navigator.serviceWorker.controller !== null) resolve(undefined);
      navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true });
    });
    await navigator.serviceWorker.register(script);
    await controlled;
  },
  async download(name, mebibytes, giveUp = false) {
    try {
      const sink = new ZipSink(await openDownload(name, clock));
      const writer = await sink.file(restored('folder/file.bin', mebibytes * 2 ** 20));
      for (let i = 0; i < mebibytes; i++) {
        if (giveUp && i === mebibytes / 2) {
          await sink.abort('the test gave up');
          return 'given up';
        }
        for (let part = 0; part < 4; part++) await writer.write(patternBytes(2 ** 18, i * 4 + part + 1));
      }
      await writer.close();
      await sink.finish();
      return 'done';
    } catch (error) {
      return (error as { readonly fault?: string }).fault ?? String(error);
    }
  },
};

Object.assign(window, { page });
