import { createDecipheriv, createHash, createHmac, createPublicKey, hkdfSync, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import golden from '../../vectors/golden.json' with { type: 'json' };

/** A second reader, written from src/core/FORMAT.md alone: Node.js's own crypto and nothing of Roost. */

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const NONE = Buffer.alloc(0);
const hkdf = (key: Uint8Array, salt: Uint8Array, info: Uint8Array | string, length = 32): Buffer =>
  Buffer.from(hkdfSync('sha256', key, salt, info, length));
function open(key: Buffer, nonce: number, aad: Buffer, sealed: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', key, Buffer.concat([Buffer.alloc(8), u32(nonce)]));
  cipher.setAAD(aad);
  cipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]);
}

const ENTROPY = Buffer.alloc(16); // of "abandon … about"
const secret = (name: string, length?: number): Buffer => hkdf(ENTROPY, NONE, `roost/1/${name}`, length);
const PACK_ID = hex('0102030405060708090a0b0c0d0e0f10');
const HOLDER = Buffer.alloc(20, 0x11);
const AGREEMENT = Buffer.alloc(16, 0x22);

/** GF(2^8) by long multiplication. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product <<= 1;
    if (product & 0x100) product ^= 0x11d;
    if (b & (1 << bit)) product ^= a;
  }
  return product;
}
const inverse = (a: number): number =>
  Array.from({ length: 256 }, (_, b) => b).find((b) => times(a, b) === 1) ?? 0;

function openShard(j: number): Buffer {
  const key = hkdf(
    secret('shard'),
    NONE,
    Buffer.concat([Buffer.from('roost/1/shard-seal'), PACK_ID, u32(j), HOLDER, AGREEMENT]),
  );
  const aad = Buffer.concat([hex(golden.account), HOLDER, PACK_ID, u32(j), u32(0), u32(1)]);
  return open(key, 0, aad, hex(golden.shards[j] ?? ''));
}

describe('a stranger with FORMAT.md', () => {
  it('derives what the words give', () => {
    expect(secret('rendezvous').toString('hex')).toBe(golden.rendezvous);
    expect(secret('check', 4).toString('hex')).toBe(golden.check);
    expect(hkdf(secret('chunk-id'), NONE, 'roost/1/gear', 1024).subarray(0, 32).toString('hex')).toBe(
      golden.gear,
    );
    const chunkKey = hkdf(secret('chunk-id'), NONE, 'roost/1/chunk-hmac');
    expect(createHmac('sha256', chunkKey).update('hello').digest('hex')).toBe(golden.chunkId);
  });

  it('reads a file out of one data and one parity shard', () => {
    const [second, parity] = [openShard(1), openShard(2)];
    // shard 2 = inv(2 xor 0) · shard 0 + inv(2 xor 1) · shard 1
    const back = inverse(inverse(2 ^ 0));
    const first = parity.map((byte, i) => times(back, byte ^ times(inverse(2 ^ 1), second[i] ?? 0)));
    const pack = Buffer.concat([first, second]);
    expect(pack.toString('hex')).toBe(golden.pack);

    expect(pack.subarray(0, 8)).toEqual(Buffer.from('RPAK\x01\x01\0\0'));
    expect(pack.subarray(8, 24)).toEqual(PACK_ID);
    const key = hkdf(secret('content'), pack.subarray(24, 56), 'roost/1/pack');
    const [offset, length] = [pack.readUInt32BE(60), pack.readUInt32BE(64)];
    const directoryAad = Buffer.concat([Buffer.from('roost/1/directory'), pack.subarray(0, 68)]);
    const directory = open(key, 0xffff_ffff, directoryAad, pack.subarray(offset, offset + length));
    expect(directory[0]).toBe(0x81); // a list of one
    const size = offset - 68;
    expect([...directory.subarray(1)]).toEqual(size < 24 ? [size] : [0x18, size]);
    const aad = Buffer.concat([Buffer.of(1), PACK_ID, u32(0), u32(size)]);
    const bundle = open(key, 0, aad, pack.subarray(68, offset));
    expect(bundle).toEqual(Buffer.concat([Buffer.of(0), u32(5), Buffer.from('hello')]));
    expect(pack.subarray(offset + length).every((byte) => byte === 0)).toBe(true);
  });

  it('cuts a file where Roost does', () => {
    const gearBytes = hkdf(secret('chunk-id'), NONE, 'roost/1/gear', 1024);
    const file = pattern(3_000_000, 21);
    const cuts: number[] = [];
    for (let at = 0; at < file.length; at += cuts.at(-1) ?? 0) cuts.push(cut(file.subarray(at), gearBytes));
    expect(cuts).toEqual(golden.cuts);
  });

  it('verifies and opens a head', () => {
    const head = hex(golden.head);
    // CBOR [body, signature]: 82 59 <u16> body 58 40 signature
    expect(head.subarray(0, 2)).toEqual(hex('8259'));
    const end = 4 + head.readUInt16BE(2);
    const body = head.subarray(4, end);
    expect(head.subarray(end, end + 2)).toEqual(hex('5840'));
    // body = a7 then keys by length and letter: v, seq, salt, sealed, savedAt, rendezvous, certificate
    const after = (name: string): number => body.indexOf(Buffer.from(name)) + name.length;
    expect(body.subarray(0, 3)).toEqual(hex('a76176'));
    const salt = body.subarray(after('dsalt') + 2, after('dsalt') + 34);
    const sealedAt = after('fsealed');
    const sealed = body.subarray(sealedAt + 3, sealedAt + 3 + body.readUInt16BE(sealedAt + 1));
    const aad = Buffer.concat([
      hex('a6'),
      body.subarray(1, sealedAt - 7),
      body.subarray(sealedAt + 3 + sealed.length),
    ]);
    const plain = open(hkdf(secret('head'), salt, 'roost/1/head-seal'), 0, aad, sealed);
    const saltKey = hkdf(secret('head'), NONE, 'roost/1/head-salt');
    expect(createHmac('sha256', saltKey).update(plain).digest()).toEqual(salt);
    expect(plain.includes(Buffer.from('deviceLabelflaptop'))).toBe(true);

    // the certificate, [body, signature], names the device's key under "key"
    const certificate = hex(golden.certificate);
    expect(body.includes(certificate)).toBe(true);
    const key = certificate.subarray(certificate.indexOf('ckey') + 6, certificate.indexOf('ckey') + 38);
    const spki = Buffer.concat([hex('302a300506032b6570032100'), key]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const signed = Buffer.concat([Buffer.from('roost/1/head\0'), body]);
    expect(verify(null, signed, publicKey, head.subarray(end + 2))).toBe(true);
    expect(plain.includes(createHash('sha256').update(key).digest().subarray(0, 20))).toBe(true);
  });
});

function cut(data: Buffer, gear: Buffer): number {
  const n = Math.min(data.length, 917_504);
  if (n <= 65_536) return n;
  let h = 0;
  for (let i = 65_536; i < n; i++) {
    h = (2 * h + gear.readUInt32LE(4 * (data[i] ?? 0))) % 2 ** 32;
    const mask = i < 262_144 ? 0xffff_f000 : 0xffff_0000;
    if ((h & mask) === 0) return i + 1;
  }
  return n;
}

/** The content that golden.ts cuts. */
function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (seed * 2_654_435_761) >>> 0;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state & 0xff;
  }
  return bytes;
}
