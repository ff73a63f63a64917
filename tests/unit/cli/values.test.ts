import { describe, expect, it } from 'vitest';
import { parseBroker, parseCount, parsePort, parseSize } from '../../../src/cli/values.ts';

describe('sizes', () => {
  it.each([
    ['10GiB', 10 * 1024 ** 3],
    ['1.5 MiB', 1.5 * 1024 ** 2],
    ['500MB', 500e6],
    ['2t', 2 * 1024 ** 4],
    ['1048576', 1_048_576],
    ['0', 0],
  ])('reads %s', (text, bytes) => {
    expect(parseSize('offer', text)).toBe(bytes);
  });

  it.each(['', 'ten', '-1GiB', '1e9', '10 XiB', '9999999999TiB', 'GiB'])(
    'refuses "%s" as wrong usage',
    (text) => {
      expect(() => parseSize('offer', text)).toThrow(expect.objectContaining({ fault: 'usage' }));
    },
  );
});

describe('counts and ports', () => {
  it('takes whole numbers from the least on', () => {
    expect(parseCount('keep-daily', '7', 1)).toBe(7);
    for (const text of ['0', '-1', '1.5', '', 'x', '99999999999']) {
      expect(() => parseCount('keep-daily', text, 1)).toThrow(expect.objectContaining({ fault: 'usage' }));
    }
  });

  it('takes ports up to 65535', () => {
    expect(parsePort('0')).toBe(0);
    expect(parsePort('65535')).toBe(65_535);
    expect(() => parsePort('65536')).toThrow(expect.objectContaining({ fault: 'usage' }));
  });
});

describe('broker addresses', () => {
  it('keeps the origin alone, so that an invite link names its broker', () => {
    expect(parseBroker('http://localhost:8787/#join=secret')).toBe('http://localhost:8787');
    expect(parseBroker('https://roost.example/')).toBe('https://roost.example');
  });

  it.each(['localhost:8787', 'ws://localhost', 'file:///etc/passwd', ''])('refuses "%s"', (text) => {
    expect(() => parseBroker(text)).toThrow(expect.objectContaining({ fault: 'usage' }));
  });
});
