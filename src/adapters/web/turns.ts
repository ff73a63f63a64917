import { Turns } from '../../core/turns.ts';

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** A message, because timers of a hidden page wait for seconds, and `scheduler.yield` would go on before messages that wait already. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(undefined);
  });
}

/** The turns of this page's thread. */
export const turns = new Turns(() => performance.now(), nextTask);
