import { describe, expect, it } from 'vitest';
import { isHiddenName } from '../../../src/adapters/web/hidden-names.ts';

/** Files of these names were dropped on a page of Chromium 156. */
const HIDDEN = [
  ...[
    'a:b.txt',
    'q?.txt',
    'st*r',
    'p|pe',
    'quo"te',
    'l<t',
    'g>t',
    'back\\slash',
    'tab\tx',
    'nl\nx',
    'del\u007f',
  ],
  ...[
    'zwnj\u200Cx',
    '\u{1F468}\u200D\u{1F469}',
    'soft\u00ADhyphen',
    'non\uFDD0char',
    'a\u{1FFFE}b',
    '\u{E0001}',
  ],
  ...[' lead', 'space ', 'wide\u3000', 'name~', '~a', '~', 'dot.', '...', '..a', '.lnk', '.url'],
  ...['x.lnk', 'x.LNK', 'x.url', 'x.scf', 'desktop.ini', 'Desktop.ini', 'Thumbs.db'],
  ...['con', 'CON', 'con.txt', 'nul.tar.gz', 'aux.c', 'prn', 'com1', 'com1.', 'lpt9', 'clock$', 'conin$'],
];
const SHOWN = [
  ...[
    'plain.txt',
    '.hidden',
    '.a',
    '.DS_Store',
    '\u00E4.txt',
    'a~b',
    'a b',
    "a'b",
    'a`b',
    '{}',
    '[]',
    '%',
    'a&b',
  ],
  ...[
    'com10',
    'com0',
    'lpt',
    'x.lnk.txt',
    'x.lnkx',
    'desktop.ini.txt',
    'device.ini',
    'lost+found',
    'x.part',
    '\u{1F468}',
  ],
];

describe('names that Chromium hides from pages', () => {
  it.each(HIDDEN)('%j', (name) => {
    expect(isHiddenName(name)).toBe(true);
  });

  it.each(SHOWN)('but not %j', (name) => {
    expect(isHiddenName(name)).toBe(false);
  });
});
