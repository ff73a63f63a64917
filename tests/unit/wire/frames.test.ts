import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoostError } from '../../../src/core/errors.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  packIdFromBytes,
  rendezvousIdFromBytes,
} from '../../../src/core/ids.ts';
import {
  CERTIFICATE_MAX_BYTES,
  FRAME_HEADER_MAX_BYTES,
  FRAME_MAX_BYTES,
  SEALED_SEGMENT_BYTES,
} from '../../../src/core/limits.ts';
import type { Ask } from '../../../src/core/wire/asks.ts';
import { askItems } from '../../../src/core/wire/asks.ts';
import { decodeFrame, encodeFrame } from '../../../src/core/wire/frame.ts';
import {
  HANDSHAKE_MAX_BYTES,
  INLINE_ITEM_MAX_BYTES,
  ITEM_MAX_BYTES,
  REASON_MAX_CHARS,
  WINDOW_START_BYTES,
} from '../../../src/core/wire/limits.ts';
import { packList, unpackList } from '../../../src/core/wire/list.ts';
import type { Message } from '../../../src/core/wire/messages.ts';
import { decodeMessage, encodeMessage } from '../../../src/core/wire/messages.ts';

const agreement = agreementIdFromBytes(new Uint8Array(16).fill(1));
const rendezvous = rendezvousIdFromBytes(new Uint8Array(32).fill(2));
const cooperative = cooperativeIdFromBytes(new Uint8Array(32).fill(3));
const row = {
  row: 2 ** 47,
  packId: packIdFromBytes(new Uint8Array(16).fill(4)),
  shard: 254,
  bytes: SEALED_SEGMENT_BYTES + 17,
  segments: 2,
  hash: new Uint8Array(32).fill(5),
};
const asks: Ask[] = [
  { kind: 'propose' },
  { kind: 'agreements' },
  { kind: 'put', agreement, row },
  { kind: 'get', agreement, row: 7, first: 3, count: 9 },
  { kind: 'release', agreement },
  { kind: 'ledger', agreement, after: -1 },
  { kind: 'ledger-digest', agreement },
  { kind: 'put-head', rendezvous },
  { kind: 'heads', rendezvous },
  { kind: 'roster', cooperative, from: 12 },
  { kind: 'accept' },
  {
    kind: 'audit',
    agreement,
    commit: new Uint8Array(32).fill(6),
    digest: new Uint8Array(32).fill(7),
    count: 64,
  },
  {
    kind: 'audit-answer',
    agreement,
    commit: new Uint8Array(32).fill(6),
    chance: new Uint8Array(32).fill(8),
    count: 1,
  },
  { kind: 'receipt' },
  { kind: 'loss', agreement, cause: 'evicted', rows: 0 },
  { kind: 'leave' },
  { kind: 'report' },
  { kind: 'reports' },
  { kind: 'put-partner-list' },
  { kind: 'partner-lists', account: undefined },
  { kind: 'partner-lists', account: accountIdFromBytes(new Uint8Array(32).fill(9)) },
  { kind: 'put-duty' },
];
const messages: Message[] = [
  {
    type: 'hello',
    version: 1,
    role: 'initiator',
    cooperative,
    certificate: new Uint8Array(CERTIFICATE_MAX_BYTES),
    ephemeral: new Uint8Array(32),
    nonce: new Uint8Array(32),
  },
  { type: 'prove', signature: new Uint8Array(64), confirm: new Uint8Array(32) },
  { type: 'welcome' },
  ...asks.map((ask, i): Message => ({ type: 'request', id: i + 1, window: WINDOW_START_BYTES, ask })),
  { type: 'reply', id: 1, items: 1024, more: true },
  { type: 'fault', id: 1, fault: 'not-found', message: 'ü'.repeat(REASON_MAX_CHARS) },
  { type: 'item', id: 2 ** 48 - 1 },
  { type: 'credit', id: 1, bytes: 65_552 },
  { type: 'cancel', id: 1 },
  { type: 'ping', nonce: 0 },
  { type: 'pong', nonce: 0xffff_ffff },
  { type: 'bye', fault: 'aborted', reason: 'good night' },
];
/** The longest body that a message may have. */
function bodyOf(message: Message): Uint8Array<ArrayBuffer> | undefined {
  if (message.type === 'item') return new Uint8Array(ITEM_MAX_BYTES).fill(6);
  const items =
    message.type === 'request' ? askItems(message.ask) : message.type === 'reply' ? message.items : 0;
  return items > 0 ? new Uint8Array(INLINE_ITEM_MAX_BYTES).fill(6) : undefined;
}

describe('every message', () => {
  for (const message of messages) {
    const name = message.type === 'request' ? `request ${message.ask.kind}` : message.type;
    const bytes = encodeMessage(message, bodyOf(message));

    it(`${name} reads as it was written, within its bound`, () => {
      const read = decodeMessage(bytes);
      expect(read.message).toEqual(message);
      expect(read.body.length).toBe(bodyOf(message)?.length ?? 0);
      expect(bytes.length).toBeLessThanOrEqual(FRAME_MAX_BYTES);
      if (['hello', 'prove', 'welcome'].includes(message.type)) {
        expect(bytes.length).toBeLessThanOrEqual(HANDSHAKE_MAX_BYTES);
      }
    });

    it(`${name} is refused when cut off anywhere or extended`, () => {
      const header = bytes.length - (bodyOf(message)?.length ?? 0);
      for (let length = 0; length < header; length++) {
        expect(() => decodeMessage(bytes.slice(0, length)), `${length}`).toThrow(RoostError);
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(() => decodeMessage(longer)).toThrow(RoostError);
    });
  }

  it('that is a request or a reply may leave its first item to a message of its own; an item may not be empty', () => {
    for (const message of messages.filter((one) => bodyOf(one) !== undefined)) {
      const read = () => decodeMessage(encodeMessage(message));
      if (message.type === 'item') expect(read).toThrow(RoostError);
      else expect(read()).toEqual({ message, body: new Uint8Array(0) });
    }
  });

  it('is refused with a field too many, too few or of another type', () => {
    // {t: "ping", n: 1} and its likes, by hand: what an encoder of ours would not write.
    const frame = (hex: string): Uint8Array<ArrayBuffer> =>
      encodeFrame(new Uint8Array(Buffer.from(hex, 'hex')));
    expect(decodeMessage(frame('a2616e01617464' + Buffer.from('ping').toString('hex'))).message).toEqual({
      type: 'ping',
      nonce: 1,
    });
    const ping = Buffer.from('ping').toString('hex');
    for (const bad of [
      'a1617464' + ping,
      'a36161016 16e01617464'.replace(' ', '') + ping,
      'a2616e20617464' + ping,
      'a2616e6131617464' + ping,
      'a2617464' + ping + '616e01', // keys out of order
      'bf616e01617464' + ping + 'ff', // indefinite length
      'a2616e1801617464' + ping, // a number longer than needed
      '80',
      'f6',
      'a0',
    ]) {
      expect(() => decodeMessage(frame(bad)), bad).toThrow(RoostError);
    }
  });

  it('survives mutation: a RoostError or a valid message, nothing else', () => {
    const wire = messages.map((message) => encodeMessage(message, bodyOf(message)?.slice(0, 50)));
    const mutation = fc.record({
      which: fc.nat(wire.length - 1),
      edits: fc.array(fc.record({ at: fc.nat(400), to: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
      cut: fc.option(fc.nat(400)),
    });
    fc.assert(
      fc.property(mutation, ({ which, edits, cut }) => {
        const bytes = (wire[which] ?? new Uint8Array(0)).slice(0, cut ?? undefined);
        for (const { at, to } of edits) if (at < bytes.length) bytes[at] = to;
        try {
          const { message, body } = decodeMessage(bytes);
          expect(encodeMessage(message, body)).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(RoostError);
          expect((error as RoostError).fault).toBe('malformed');
        }
      }),
      { numRuns: 20_000 },
    );
  });

  it('survives random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeMessage(new Uint8Array(bytes))).toThrow(RoostError);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a frame', () => {
  it('holds a header and a body, and neither may lie about its length', () => {
    const frame = encodeFrame(new Uint8Array([1, 2]), new Uint8Array([3]));
    expect([...frame]).toEqual([0, 2, 1, 2, 3]);
    expect(decodeFrame(frame)).toEqual({ header: new Uint8Array([1, 2]), body: new Uint8Array([3]) });
    for (const bad of [[], [0], [0, 0], [0, 0, 1], [0, 2, 1], [255, 255, 1]]) {
      expect(() => decodeFrame(new Uint8Array(bad))).toThrow(RoostError);
    }
    expect(() => decodeFrame(new Uint8Array(FRAME_MAX_BYTES + 1))).toThrow(RoostError);
    expect(() => encodeFrame(new Uint8Array(FRAME_HEADER_MAX_BYTES + 1))).toThrow(RoostError);
    expect(() => encodeFrame(new Uint8Array(1), new Uint8Array(FRAME_MAX_BYTES))).toThrow(RoostError);
  });

  it('has room for the largest item beside the largest header', () => {
    expect(2 + FRAME_HEADER_MAX_BYTES + ITEM_MAX_BYTES).toBeLessThanOrEqual(FRAME_MAX_BYTES);
  });

  it('reads the same from within a larger buffer', () => {
    const outer = new Uint8Array(20);
    outer.set(encodeMessage({ type: 'welcome' }), 4);
    const length = encodeMessage({ type: 'welcome' }).length;
    expect(decodeMessage(outer.subarray(4, 4 + length)).message).toEqual({ type: 'welcome' });
  });
});

describe('a packed list', () => {
  const bounds = { records: 1000, bytes: 70_000 };

  it('unpacks to what was packed, whatever the sizes', () => {
    const record = fc.uint8Array({ maxLength: 30_000 }).map((bytes) => new Uint8Array(bytes));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const items = packList(records);
        expect(items.every((item) => item.length <= ITEM_MAX_BYTES)).toBe(true);
        expect(unpackList(items, bounds)).toEqual(records);
      }),
      { numRuns: 50 },
    );
  });

  it('is refused when it lies about a length or breaks a bound', () => {
    const [item = new Uint8Array(0)] = packList([new Uint8Array(10), new Uint8Array(20)]);
    for (let length = 1; length < item.length; length++) {
      if (length === 14) continue; // ends after the first record
      expect(() => unpackList([item.slice(0, length)], bounds), `${length}`).toThrow(RoostError);
    }
    expect(() => unpackList([item], { records: 1, bytes: 100 })).toThrow(RoostError);
    expect(() => unpackList([item], { records: 9, bytes: 19 })).toThrow(RoostError);
    expect(() => unpackList([new Uint8Array([255, 255, 255, 255])], bounds)).toThrow(RoostError);
    expect(() => packList([new Uint8Array(ITEM_MAX_BYTES)])).toThrow(RoostError);
  });
});
