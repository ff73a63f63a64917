import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../../src/cli/glob.ts';

describe('patterns of find', () => {
  it.each([
    ['*.jpg', 'photos/2026/a.jpg', true],
    ['*.jpg', 'photos/a.jpg.txt', false],
    ['photos/*.jpg', 'photos/a.jpg', true],
    ['photos/*.jpg', 'photos/2026/a.jpg', false],
    ['photos/**/a.jpg', 'photos/a.jpg', true],
    ['photos/**/a.jpg', 'photos/2026/01/a.jpg', true],
    ['**/node_modules/**', 'x/node_modules/y/z', true],
    ['file-?.bin', 'file-7.bin', true],
    ['file-?.bin', 'file-77.bin', false],
    ['[a-c]*.md', 'b.md', true],
    ['[!a-c]*.md', 'b.md', false],
    ['a+b(c).txt', 'a+b(c).txt', true],
    ['[open', '[open', true],
    ['🐦*', 'x/🐦🪺', true],
    ['[🐦]', '🐦', true],
    ['[\\]]x', ']x', false],
  ])('%s on %s is %s', (pattern, path, matches) => {
    expect(globMatcher(pattern)(path)).toBe(matches);
  });
});
