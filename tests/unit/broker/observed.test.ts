import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientAddress, isPrivateAddress, neighbourhoodOf, rateKey } from '../../../signaling/address.ts';
import { RateLimit } from '../../../signaling/rate-limit.ts';
import { decodeObserved, encodeObserved } from '../../../signaling/observed.ts';
import {
  EMPTY_HISTORY,
  onlineMs,
  reliabilityOf,
  withOnline,
} from '../../../src/core/placement/reliability.ts';
import { parseCooperativeId } from '../../../src/core/ids.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 20_000 * DAY;

describe('the reliability of a device', () => {
  it('is the share of the time that the broker was there to see', () => {
    const broker = withOnline(EMPTY_HISTORY, START, START + 10 * DAY);
    const device = withOnline(EMPTY_HISTORY, START, START + 5 * DAY);
    expect(reliabilityOf(device, broker, START + 10 * DAY)).toBeCloseTo(0.5);
    expect(reliabilityOf(device, EMPTY_HISTORY, START + 10 * DAY)).toBe(0);
  });

  it('forgets what is more than 30 days ago', () => {
    const device = withOnline(EMPTY_HISTORY, START, START + 10 * DAY);
    expect(onlineMs(device, START + 35 * DAY)).toBeCloseTo(5 * DAY);
    expect(onlineMs(device, START + 35.5 * DAY)).toBeCloseTo(4.5 * DAY);
    expect(onlineMs(device, START + 41 * DAY)).toBe(0);
  });

  it('survives clocks that jump', () => {
    const years = withOnline(EMPTY_HISTORY, 0, START);
    expect(years.size).toBeLessThanOrEqual(32);
    expect(withOnline(years, START, START - DAY).size).toBeLessThanOrEqual(32);
    expect(onlineMs(withOnline(EMPTY_HISTORY, START + DAY, START), START)).toBe(0);
    const twice = withOnline(withOnline(EMPTY_HISTORY, START, START + DAY), START, START + DAY);
    expect(onlineMs(twice, START + DAY)).toBe(DAY);
  });

  it('is written down and read back', () => {
    const seen = { seenAt: START + 5, history: withOnline(EMPTY_HISTORY, START, START + 40 * DAY) };
    expect(decodeObserved(encodeObserved(seen))).toEqual(seen);
  });
});

describe('addresses', () => {
  const cooperative = parseCooperativeId('c'.repeat(64));
  const other = parseCooperativeId('d'.repeat(64));
  const secret = new Uint8Array(32).fill(1);
  const near = (address: string) => neighbourhoodOf(secret, cooperative, address);

  it('are near when their first octets are the same', () => {
    expect(near('203.0.113.7')).toBe(near('203.0.1.1'));
    expect(near('203.0.113.7')).not.toBe(near('203.1.113.7'));
    expect(near('2001:db8::1')).toBe(near('2001:db8:ffff::2'));
    expect(near('2001:db8::1')).not.toBe(near('2001:db9::1'));
    expect(near('::2')).toBe(near('0:0:1::'));
  });

  it('cannot be followed from one cooperative to another, nor computed without the key', () => {
    expect(near('127.0.0.1')).toBe('0000000000000000');
    expect(near('::1')).toBe(near('127.0.0.1'));
    expect(near('203.0.113.7')).not.toBe(neighbourhoodOf(secret, other, '203.0.113.7'));
    expect(near('203.0.113.7')).not.toBe(neighbourhoodOf(new Uint8Array(32), cooperative, '203.0.113.7'));
  });

  it('count as one sender by IPv4 address and by IPv6 customer', () => {
    expect(rateKey('203.0.113.7')).toBe('203.0.113.7');
    expect(rateKey('2001:db8:1:2::9')).toBe(rateKey('2001:0db8:1:2:3:4:5:6'));
    expect(rateKey('2001:db8:1:2::9')).not.toBe(rateKey('2001:db8:1:3::9'));
  });

  it.each([
    ['127.0.0.1', true],
    ['10.1.2.3', true],
    ['172.16.0.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['8.8.8.8', false],
    ['::1', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['2001:db8::1', false],
  ])('%s is of the own network: %s', (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected);
  });

  it('come from the header of a trusted proxy only, and only as its last entry', () => {
    const request = (remoteAddress: string, header?: string) =>
      ({
        socket: { remoteAddress },
        headers: header === undefined ? {} : { 'x-forwarded-for': header },
      }) as unknown as IncomingMessage;
    expect(clientAddress(request('::ffff:203.0.113.1'), false)).toBe('203.0.113.1');
    expect(clientAddress(request('127.0.0.1', '198.51.100.1, 203.0.113.1'), true)).toBe('203.0.113.1');
    expect(clientAddress(request('127.0.0.1', '203.0.113.1'), false)).toBe('127.0.0.1');
    expect(clientAddress(request('8.8.8.8', '203.0.113.1'), true)).toBe('8.8.8.8');
    expect(clientAddress(request('127.0.0.1', 'nonsense'), true)).toBe('127.0.0.1');
  });
});

describe('a rate', () => {
  it('allows its burst at once and then its pace, for each key alone', () => {
    let now = 0;
    const rate = new RateLimit({ burst: 2, perSecond: 1 }, () => now);
    expect([rate.take('a'), rate.take('a'), rate.take('a'), rate.take('b')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    now = 1000;
    expect([rate.take('a'), rate.take('a')]).toEqual([true, false]);
    now = 100_000;
    expect([rate.take('a'), rate.take('a'), rate.take('a')]).toEqual([true, true, false]);
    now = 0;
    expect(rate.take('a')).toBe(false);
  });
});
