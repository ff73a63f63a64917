import { describe, expect, it } from 'vitest';
import { ResultRooms } from '../../../src/core/codec/result-rooms.ts';

describe('rooms of results', () => {
  it('are used again by results that are a little longer or shorter', () => {
    const rooms = new ResultRooms();
    const first = rooms.take(1_900_000);
    expect(first.length).toBe(1_900_000);
    for (const length of [1_950_000, 10]) {
      rooms.give([first]);
      const next = rooms.take(length);
      expect(next.buffer).toBe(first.buffer);
      expect(next.length).toBe(length);
    }
  });

  it('are never given to two results, nor to one that is longer', () => {
    const rooms = new ResultRooms();
    const given = [rooms.take(100), rooms.take(300_000)];
    rooms.give(given);
    const taken = [rooms.take(300_000), rooms.take(300_000), rooms.take(100)];
    expect(taken[0]!.buffer).toBe(given[1]!.buffer);
    expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(3);
  });

  it('are kept in a bounded number', () => {
    const rooms = new ResultRooms();
    const given = Array.from({ length: 20 }, () => new Uint8Array(1000));
    rooms.give(given);
    const again = Array.from({ length: 20 }, () => rooms.take(1000).buffer);
    expect(again.filter((buffer) => given.some((one) => one.buffer === buffer)).length).toBe(16);
  });

  it('are the smallest that will do', () => {
    const rooms = new ResultRooms();
    const [large, small] = [rooms.take(900_000), rooms.take(300_000)];
    rooms.give([large, small]);
    expect(rooms.take(200_000).buffer).toBe(small.buffer);
  });

  it('come back once, however many results lie in them', () => {
    const rooms = new ResultRooms();
    const room = rooms.take(1000);
    rooms.give([room.subarray(0, 400), room.subarray(400, 1000)]);
    expect(rooms.take(1000).buffer).toBe(room.buffer);
    expect(rooms.take(1000).buffer).not.toBe(room.buffer);
  });
});
