import { describe, expect, it } from 'vitest';
import { checkCapabilities } from '../../src/adapters/web/capabilities.ts';
import { createConsoleLog } from '../../src/adapters/web/console-log.ts';
import { createSystemClock } from '../../src/adapters/web/system-clock.ts';
import { systemRandom } from '../../src/adapters/web/system-random.ts';
import { createTimers } from '../../src/adapters/web/timers.ts';
import { clockContract } from './clock.ts';
import { randomContract } from './random.ts';

clockContract('the browser clock', async () => {
  const timers = createTimers();
  return { clock: createSystemClock(timers), cleanUp: async () => timers.close() };
});

randomContract("the browser's chance", () => systemRandom);

describe('the capability check', () => {
  it('finds nothing missing in a browser that has all', async () => {
    expect(await checkCapabilities()).toEqual({ ok: true });
  });
});

describe('the console log', () => {
  it('writes from its level on, with fields', () => {
    const lines: unknown[][] = [];
    const write = (...line: unknown[]): void => void lines.push(line);
    const log = createConsoleLog('warn', { debug: write, info: write, warn: write, error: write });
    log.info('quiet');
    log.warn('loud', { count: 2 });
    log.error('bare');
    expect(lines).toEqual([
      ['loud', { count: 2 }],
      ['bare', {}],
    ]);
  });
});
