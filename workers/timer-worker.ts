/// <reference lib="webworker" />
import type { FromTimer, ToTimer } from './timer-api.ts';

/** Timers for the page: a hidden page's own drop to one a second, then one a minute; a dedicated worker's go on. */
const timers = new Map<number, ReturnType<typeof setTimeout>>();

addEventListener('message', ({ data }: MessageEvent<ToTimer>) => {
  switch (data.type) {
    case 'set': {
      const { id } = data;
      const fire = (): void => {
        timers.delete(id);
        postMessage(id satisfies FromTimer);
      };
      timers.set(id, setTimeout(fire, data.ms));
      return;
    }
    case 'clear':
      clearTimeout(timers.get(data.id));
      timers.delete(data.id);
      return;
    default:
      data satisfies never;
  }
});
