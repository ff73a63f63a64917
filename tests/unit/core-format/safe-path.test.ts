import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../../../src/core/errors.ts';
import { isSafeName, portableName, safeParts } from '../../../src/core/snapshot/safe-path.ts';

const HOSTILE = [
  '',
  '.',
  '..',
  '/',
  '/etc/passwd',
  'a/',
  '/a',
  'a//b',
  'a/./b',
  'a/../b',
  '../a',
  'a/..',
  '..\\a',
  'a\\..\\..\\b',
  '\\\\server\\share',
  'C:\\x',
  'a\0b',
  'a\nb',
  'a\u001bb',
  'a\u0085b',
  '\u007f',
  '\uD800',
  'x'.repeat(1025),
  '中'.repeat(342),
  Array.from({ length: 257 }, () => 'a').join('/'),
];

describe('safe paths', () => {
  it.each(HOSTILE)('refuse hostile path %#', (path) => {
    let fault: string | undefined;
    try {
      safeParts(path);
    } catch (error) {
      fault = faultOf(error);
    }
    expect(fault).toBe('refused');
  });

  it('never leave the target, whatever 500 mixtures of hostile parts are tried, under either rule', () => {
    const parts = [
      '..',
      '.',
      '',
      'a',
      '\\',
      '..\\',
      'C:',
      '\0',
      '~',
      '...',
      '. .',
      '.. ',
      'x:y',
      '%2e%2e',
      '\u2025',
      '\uFF0E\uFF0E',
    ];
    let tried = 0;
    for (const a of parts) {
      for (const b of parts) {
        for (const path of [`${a}/${b}`, `${a}${b}`]) {
          tried++;
          for (const rule of ['posix', 'portable'] as const) {
            let safe: readonly string[];
            try {
              safe = safeParts(path, rule);
            } catch {
              continue;
            }
            expect(posix.join('/target', ...safe).startsWith('/target/')).toBe(true);
            if (rule === 'portable') {
              expect(win32.join('C:\\target', ...safe.map(portableName)).startsWith('C:\\target\\')).toBe(
                true,
              );
            }
          }
        }
      }
    }
    expect(tried).toBeGreaterThanOrEqual(500);
  });

  it('let plain names through unchanged', () => {
    for (const path of [
      'a',
      'a/b/c',
      '.hidden',
      '..x',
      'x..',
      'Zoë 中 \u{1F600}',
      ' a ',
      'CON',
      'a:b',
      '~',
    ]) {
      expect(safeParts(path)).toEqual(path.split('/'));
    }
  });

  it('let a POSIX sink keep backslashes and control characters, which are plain there', () => {
    expect(safeParts('a\\b/c\nd', 'posix')).toEqual(['a\\b', 'c\nd']);
    expect(isSafeName('a\\b')).toBe(false);
    expect(isSafeName('a/b', 'posix')).toBe(false);
    expect(isSafeName('a\0b', 'posix')).toBe(false);
  });
});

describe('portable names', () => {
  it.each([
    ['plain.txt', 'plain.txt'],
    ['100% sure', '100% sure'],
    ['a:b', 'a%3Ab'],
    ['a%3Ab', 'a%253Ab'],
    ['a%3ab', 'a%253ab'],
    ['what?', 'what%3F'],
    ['x.', 'x%2E'],
    ['x ', 'x%20'],
    ['x..', 'x.%2E'],
    ['CON', '%43ON'],
    ['con.txt', '%63on.txt'],
    ['COM1', '%43OM1'],
    ['lpt9 .x', '%6Cpt9 .x'],
    ['LPT²', '%4CPT²'],
    ['CONSOLE', 'CONSOLE'],
    ['COM10', 'COM10'],
    ['nul:', 'nul%3A'],
    ['a\\b', 'a%5Cb'],
    ['a\tb', 'a%09b'],
    ['<>"|*', '%3C%3E%22%7C%2A'],
  ])('%j becomes %j', (name, expected) => {
    expect(portableName(name)).toBe(expected);
  });

  it('never make one name of two', () => {
    const alphabet = ['%', '3', 'A', 'a', ':', '.', ' ', '2', '5', 'E'];
    const seen = new Map<string, string>();
    const visit = (name: string): void => {
      if (name !== '') {
        const portable = portableName(name);
        expect(seen.get(portable) ?? name).toBe(name);
        seen.set(portable, name);
      }
      if (name.length < 4) for (const next of alphabet) visit(name + next);
    };
    visit('');
    expect(seen.size).toBe(11_110);
  });
});
