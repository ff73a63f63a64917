import { describe, expect, it } from 'vitest';
import { SHORT_STORIES } from './short-stories.ts';

const SEED = '1';

describe('a small cooperative', () => {
  for (const story of SHORT_STORIES) {
    it(`keeps its laws: ${story.describe}`, async () => {
      expect((await story.tell(SEED)).failures).toEqual([]);
    });
  }

  it('does the same again for the same seed, and something else for another', async () => {
    const story = SHORT_STORIES.find(({ name }) => name === 'silence-after-reveal')!;
    const hashes = [];
    for (const seed of ['1', '1', '2']) hashes.push((await story.tell(seed)).traceHash);
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });
});
