import { expect, it } from 'vitest';
import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { RosterBook } from '../../../src/agent/network/roster-book.ts';
import { Chain, person, suite } from '../roster/members.ts';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

it('a roster is read from a place on, and no further than the first entry beyond so many bytes', async () => {
  const founder = await person(1);
  const chain = await Chain.found(founder);
  for (let seed = 50; seed < 60; seed++) await chain.invite(founder, seed);
  const meta = new MemoryMetaStore(new MemoryDisk(new SeededRandom('roster')), new Life());
  const { cooperative } = chain.roster;
  const { entries } = chain;
  const book = await RosterBook.open({ meta, crypto: suite, log, cooperative }, () =>
    Promise.resolve(entries),
  );
  expect(await book.entriesFrom(0)).toEqual(entries);
  expect(await book.entriesFrom(9)).toEqual(entries.slice(9));
  expect(await book.entriesFrom(11)).toEqual([]);
  const three = entries.slice(2, 5).reduce((sum, { length }) => sum + length, 0);
  expect(await book.entriesFrom(2, three - 1)).toEqual(entries.slice(2, 5));
  // As many bytes as a page may have, and one entry that shows that there are more.
  expect(await book.entriesFrom(2, three)).toEqual(entries.slice(2, 6));
  expect(await book.entriesFrom(9, 10 ** 9)).toEqual(entries.slice(9));
});
