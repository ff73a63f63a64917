import { describe, expect, it } from 'vitest';
import { parseToldReason } from '../../../src/core/partnership/told-reason.ts';

describe('the reason of a state', () => {
  it.each([
    ['silent:1760000000000', { code: 'silent', at: 1_760_000_000_000 }],
    ['ended:0', { code: 'ended', at: 0 }],
    ['no-member', { code: 'no-member', at: undefined }],
    ['silent:', { code: 'silent', at: undefined }],
    ['silent:soon', { code: 'silent', at: undefined }],
    ['', { code: '', at: undefined }],
    [undefined, { code: '', at: undefined }],
  ])('%j is read as a code, and a time only where one stands', (told, read) => {
    expect(parseToldReason(told)).toEqual(read);
  });

  it('is read to some code wherever it is cut off', () => {
    const told = 'silent:1760000000000';
    for (let end = 0; end <= told.length; end++) {
      expect('silent'.startsWith(parseToldReason(told.slice(0, end)).code)).toBe(true);
    }
  });
});
