import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine } from '../../signaling/engine.ts';
import { patternBytes } from './expect-fault.ts';

export interface EngineHarness {
  readonly engine: Engine;
  /** Sets the time that expiry is judged by. */
  setNow(ms: number): void;
  /** The same engine after a restart of the broker. */
  reopen(): Promise<Engine>;
  cleanUp?(): Promise<void>;
}

/** What every engine of the broker must keep. */
export function engineContract(name: string, make: () => Promise<EngineHarness>): void {
  describe(`${name} keeps the engine contract`, () => {
    let harness: EngineHarness;
    let engine: Engine;
    beforeEach(async () => {
      harness = await make();
      ({ engine } = harness);
    });
    afterEach(async () => {
      await engine.close();
      await harness.cleanUp?.();
    });
    const one = patternBytes(10, 1);
    const two = patternBytes(20, 2);
    const value = async (key: string) => (await engine.get('listing', key))?.value;

    it('gives back what was put, by bucket and key', async () => {
      expect(await engine.get('listing', 'a')).toBeUndefined();
      await engine.put('listing', 'a', one);
      await engine.put('head', 'a', two);
      expect(await value('a')).toEqual(one);
      expect((await engine.get('head', 'a'))?.value).toEqual(two);
      await engine.put('listing', 'a', two);
      expect(await value('a')).toEqual(two);
      await engine.remove('listing', 'a');
      await engine.remove('listing', 'a');
      expect(await value('a')).toBeUndefined();
    });

    it('swaps only what nobody changed meanwhile', async () => {
      expect(await engine.compareAndSwap('listing', 'a', 7, one)).toBe(false);
      expect(await engine.compareAndSwap('listing', 'a', 0, one)).toBe(true);
      expect(await engine.compareAndSwap('listing', 'a', 0, two)).toBe(false);
      const before = await engine.get('listing', 'a');
      expect(await engine.compareAndSwap('listing', 'a', before!.revision, two)).toBe(true);
      expect(await engine.compareAndSwap('listing', 'a', before!.revision, one)).toBe(false);
      expect(await value('a')).toEqual(two);
    });

    it('lets one of many that swap at once win', async () => {
      const wins = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          engine.compareAndSwap('roster', 'x/0', 0, patternBytes(5, i + 1)),
        ),
      );
      expect(wins.filter(Boolean)).toHaveLength(1);
    });

    it('counts an expired key as absent everywhere', async () => {
      harness.setNow(1000);
      await engine.put('listing', 'a', one, { expiresAt: 2000 });
      await engine.put('listing', 'b', one);
      harness.setNow(1999);
      expect(await value('a')).toEqual(one);
      harness.setNow(2000);
      expect(await value('a')).toBeUndefined();
      expect(await value('b')).toEqual(one);
      expect((await engine.list('listing', { prefix: '', limit: 10 })).map(({ key }) => key)).toEqual(['b']);
      expect(await engine.compareAndSwap('listing', 'a', 1, two)).toBe(false);
      expect(await engine.compareAndSwap('listing', 'a', 0, two)).toBe(true);
      expect(await value('a')).toEqual(two);
    });

    it('lists keys in order by prefix and page', async () => {
      for (const key of ['b/2', 'a/1', 'b/1', 'b/10', 'b0', 'c']) await engine.put('listing', key, one);
      const keys = async (range: Parameters<Engine['list']>[1]) =>
        (await engine.list('listing', range)).map(({ key }) => key);
      expect(await keys({ prefix: '', limit: 10 })).toEqual(['a/1', 'b/1', 'b/10', 'b/2', 'b0', 'c']);
      expect(await keys({ prefix: 'b/', limit: 10 })).toEqual(['b/1', 'b/10', 'b/2']);
      expect(await keys({ prefix: 'b/', limit: 2 })).toEqual(['b/1', 'b/10']);
      expect(await keys({ prefix: 'b/', after: 'b/10', limit: 2 })).toEqual(['b/2']);
      expect(await keys({ prefix: 'd', limit: 2 })).toEqual([]);
    });

    it('gives messages to all who subscribed, in order, until they stop', async () => {
      const seen: string[] = [];
      const stop = engine.subscribe('t', (message) => seen.push(`1:${message.join()}`));
      engine.subscribe('t', (message) => seen.push(`2:${message.join()}`));
      engine.subscribe('other', () => seen.push('other'));
      engine.publish('t', new Uint8Array([1]));
      engine.publish('t', new Uint8Array([2]));
      for (let i = 0; i < 100 && seen.length < 4; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(seen.filter((item) => item.startsWith('1'))).toEqual(['1:1', '1:2']);
      expect(seen.filter((item) => item.startsWith('2'))).toEqual(['2:1', '2:2']);
      stop();
      engine.publish('t', new Uint8Array([3]));
      for (let i = 0; i < 100 && seen.length < 5; i++) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(seen.slice(4)).toEqual(['2:3']);
    });

    it('keeps durable buckets over a restart and no others', async () => {
      await engine.put('listing', 'a', one);
      await engine.put('presence', 'a', two);
      expect(engine.healthy()).toBe(true);
      await engine.close();
      expect(engine.healthy()).toBe(false);
      engine = await harness.reopen();
      expect(await value('a')).toEqual(one);
      expect(await engine.get('presence', 'a')).toBeUndefined();
    });
  });
}
