import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { cooperativeIdFromBytes } from '../../../src/core/ids.ts';
import { decodeBase64url, encodeBase64url } from '../../../src/core/roster/base64url.ts';
import { formatInviteLink, isForThisComputer, parseInviteLink } from '../../../src/core/roster/invite.ts';

const invite = {
  cooperative: cooperativeIdFromBytes(new Uint8Array(32).fill(7)),
  seed: new Uint8Array(32).fill(8),
  name: 'Café – Straße',
};
const link = formatInviteLink({ ...invite, origin: 'https://roost.example/' });

describe('an invite link', () => {
  it('reads back whole, as fragment, as bare code and with the line breaks of a mail', () => {
    const code = link.slice(link.indexOf('=') + 1);
    expect(parseInviteLink(link)).toEqual({ ...invite, origin: 'https://roost.example' });
    expect(parseInviteLink(`#join=${code}`)).toEqual({ ...invite, origin: undefined });
    expect(parseInviteLink(`join=${code}`)).toEqual({ ...invite, origin: undefined });
    expect(parseInviteLink(code)).toEqual({ ...invite, origin: undefined });
    expect(parseInviteLink(` ${link.slice(0, 60)}\r\n ${link.slice(60)}\n`)).toEqual({
      ...invite,
      origin: 'https://roost.example',
    });
  });

  it('keeps the path that the app is served under', () => {
    const under = formatInviteLink({ ...invite, origin: 'http://localhost:8787/roost' });
    expect(parseInviteLink(under).origin).toBe('http://localhost:8787/roost');
  });

  it.each([
    ['http://localhost:8787', true],
    ['http://127.0.0.1:5173/roost', true],
    ['http://[::1]:80', true],
    ['http://roost.localhost', true],
    ['https://roost.example', false],
    ['https://localhost.example', false],
    ['http://192.168.0.7:8787', false],
  ])('of %s: it is %s that nobody else can follow it', (origin, own) => {
    expect(isForThisComputer(formatInviteLink({ ...invite, origin }))).toBe(own);
  });

  it('is for nobody when it is none', () => {
    expect(isForThisComputer('')).toBe(false);
    expect(isForThisComputer('#join=abc')).toBe(false);
  });

  it('is refused with a sentence when any letter is changed or lost', () => {
    const start = link.indexOf('=') + 1;
    for (let at = start; at < link.length; at++) {
      const other = link[at] === 'A' ? 'B' : 'A';
      for (const bad of [link.slice(0, at) + other + link.slice(at + 1), link.slice(0, at)]) {
        expect(() => parseInviteLink(bad), `letter ${at}`).toThrow(/^The invite/);
      }
    }
  });

  it('names no address but a web address', () => {
    const code = link.slice(link.indexOf('#'));
    for (const origin of ['javascript:alert(1)/', 'ftp://x/', 'roost.example/', 'https://']) {
      expect(() => parseInviteLink(origin + code)).toThrow(/must begin with/);
    }
  });

  it('says nothing of the secret when it is refused', () => {
    const seedCode = encodeBase64url(invite.seed).slice(2, 20);
    try {
      parseInviteLink(link.slice(0, -1));
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(seedCode);
    }
  });

  it('survives any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(() => parseInviteLink(text)).toThrow(/^The invite/);
      }),
    );
  });
});

it('base64url reads what it writes, and one spelling only', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect([...decodeBase64url(text)]).toEqual([...bytes]);
    }),
  );
  for (const bad of ['A', 'AB', 'AAAAA', 'AA=', 'A+', 'AAB']) expect(() => decodeBase64url(bad)).toThrow();
});
