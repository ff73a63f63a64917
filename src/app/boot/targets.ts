import { operatingSystem } from '../../adapters/web/about.ts';
import { openDownload } from '../../adapters/web/download.ts';
import { HandleSink } from '../../adapters/web/handle-sink.ts';
import { ZipSink } from '../../adapters/web/zip-sink.ts';
import { encodeUtf8 } from '../../core/utf8.ts';
import type { Clock } from '../../ports/clock.ts';
import type { RestoreTargets } from '../services.ts';
import { canPickDirectory, pickDirectory } from './directory-picker.ts';

/** Where a restore can go: a picked folder, or a ZIP that downloads while it is written. */
export function webTargets(clock: Clock): RestoreTargets {
  const onWindows = operatingSystem(navigator.userAgent, navigator.maxTouchPoints) === 'windows';
  return {
    canPickFolder: canPickDirectory(),
    folder: async () => {
      const handle = await pickDirectory('readwrite');
      if (handle === undefined) return undefined;
      const sink = new HandleSink(handle);
      await sink.prepare();
      return sink;
    },
    // Windows unpacks no name such as `a:b`, so it gets them escaped; everywhere else a file keeps its name.
    zip: async (name) => new ZipSink(await openDownload(name, clock), { portableNames: onWindows }),
    text: async (name, content) => {
      const writer = (await openDownload(name, clock)).getWriter();
      await writer.write(encodeUtf8(content.toWellFormed()));
      await writer.close();
    },
  };
}
