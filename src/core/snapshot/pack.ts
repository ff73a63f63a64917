import type { Bytes, Place } from '../bytes.ts';
import { concatBytes, equalBytes, newBytes, uint32Bytes } from '../bytes.ts';
import { encodeCbor } from '../cbor.ts';
import type { AesGcmKey, CryptoSuite, HkdfKey } from '../crypto/suite.ts';
import { label } from '../crypto/labels.ts';
import { RoostError } from '../errors.ts';
import type { PackId } from '../ids.ts';
import { idBytes, packIdFromBytes } from '../ids.ts';
import { CODE_MAX_SHARDS, PACK_MAX_BUNDLES, PACK_MAX_BYTES, TAG_BYTES } from '../limits.ts';
import { readCbor } from '../schema.ts';
import type { Zstd } from '../zstd/engine.ts';
import { FRAMED_BUNDLE_MAX_BYTES, decodeBundle } from './bundle.ts';
import { nonce } from './nonce.ts';

/** FORMAT.md "Pack": header ‖ sealed bundles ‖ sealed directory ‖ zeros up to m equal shards. */

export type PackKind = 'data' | 'meta';

/** magic 4 ‖ version 1 ‖ kind 1 ‖ zero 2 ‖ packId 16 ‖ salt 32 ‖ bundles u32 ‖ directory offset u32 ‖ directory bytes u32 */
export const PACK_HEADER_BYTES = 68;
export const PACK_SALT_BYTES = 32;
const PACK_VERSION = 1;

const MAGIC = Uint8Array.from([0x52, 0x50, 0x41, 0x4b]); // "RPAK"
const KINDS: readonly PackKind[] = ['data', 'meta']; // coded 1, 2
/** No bundle has this number. */
const DIRECTORY_NONCE = 0xffff_ffff;
const SEALED_BUNDLE_MAX_BYTES = FRAMED_BUNDLE_MAX_BYTES + TAG_BYTES;
/** A list of lengths takes at most 5 bytes each. */
const DIRECTORY_MAX_BYTES = PACK_MAX_BUNDLES * 5 + 16;
/** Shards are a multiple of this, so that kernels may work on whole vectors. */
const SHARD_ALIGNMENT = 64;

export interface PackHeader {
  readonly packId: PackId;
  readonly salt: Bytes;
  readonly kind: PackKind;
  readonly bundles: number;
  readonly directoryOffset: number;
  readonly directoryBytes: number;
}

/** Key of the first encryption of one pack. @throws RoostError 'usage' when `salt` is not 32 bytes */
export async function packKey(suite: CryptoSuite, content: HkdfKey, salt: Bytes): Promise<AesGcmKey> {
  if (salt.length !== PACK_SALT_BYTES) {
    throw new RoostError('usage', `"salt" must be ${PACK_SALT_BYTES} bytes, got ${salt.length}`);
  }
  return suite.deriveAesGcm(content, salt, label('pack'));
}

/** version ‖ packId ‖ index ‖ sealed length. */
function bundleAad(packId: PackId, index: number, sealedBytes: number): Bytes {
  return concatBytes([PACK_VERSION], idBytes(packId), uint32Bytes(index), uint32Bytes(sealedBytes));
}

/**
 * First encryption of a framed bundle.
 * @param into where the result is to be written, TAG_BYTES more than the bundle; fresh bytes when left out
 * @throws RoostError 'usage' when `index` is out of bounds
 */
export async function sealBundle(
  suite: CryptoSuite,
  key: AesGcmKey,
  packId: PackId,
  index: number,
  framed: Bytes,
  into?: Bytes,
): Promise<Bytes> {
  if (!Number.isInteger(index) || index < 0 || index >= PACK_MAX_BUNDLES) {
    throw new RoostError('usage', `bundle index must be below ${PACK_MAX_BUNDLES}, got ${index}`);
  }
  return suite.seal(key, nonce(index), bundleAad(packId, index, framed.length + TAG_BYTES), framed, into);
}

/** Opens and unpacks one sealed bundle. @throws RoostError 'corrupt' naming the bundle */
export async function openBundle(
  suite: CryptoSuite,
  key: AesGcmKey,
  packId: PackId,
  index: number,
  sealed: Bytes,
  zstd?: Zstd,
): Promise<Bytes> {
  try {
    if (sealed.length > SEALED_BUNDLE_MAX_BYTES) {
      throw new RoostError(
        'corrupt',
        `must be at most ${SEALED_BUNDLE_MAX_BYTES} bytes, got ${sealed.length}`,
      );
    }
    const framed = await suite.open(key, nonce(index), bundleAad(packId, index, sealed.length), sealed);
    return decodeBundle(framed, zstd);
  } catch (cause) {
    if (!(cause instanceof RoostError)) throw cause;
    throw new RoostError(cause.fault, `bundle ${index} of pack ${packId}: ${cause.message}`, { cause });
  }
}

/**
 * Puts a pack together.
 * @param parts the sealed bundles in order, several to an array or not
 * @param lengths of each sealed bundle
 * @param place gives the bytes to build in, of the length asked for; whatever they hold is overwritten
 * @returns all m data shards one after another, the last padded with zeros
 * @throws RoostError 'usage' when lengths and parts do not fit or a bound is broken
 */
export async function buildPack(
  suite: CryptoSuite,
  key: AesGcmKey,
  pack: {
    readonly packId: PackId;
    readonly salt: Bytes;
    readonly kind: PackKind;
    readonly parts: readonly Uint8Array[];
    readonly lengths: readonly number[];
    readonly m: number;
  },
  place: Place = newBytes,
): Promise<{ readonly bytes: Bytes; readonly shardBytes: number }> {
  const { lengths, parts, m } = pack;
  const body = parts.reduce((sum, part) => sum + part.length, 0);
  const expected = lengths.reduce((sum, length) => sum + length, 0);
  if (body !== expected)
    throw new RoostError('usage', `"parts" must have ${expected} bytes in all, got ${body}`);
  const wrong = lengths.find((length) => length <= TAG_BYTES || length > SEALED_BUNDLE_MAX_BYTES);
  if (wrong !== undefined) throw new RoostError('usage', `no sealed bundle has ${wrong} bytes`);
  if (lengths.length < 1 || lengths.length > PACK_MAX_BUNDLES) {
    throw new RoostError('usage', `a pack must have 1 to ${PACK_MAX_BUNDLES} bundles, got ${lengths.length}`);
  }
  if (!Number.isInteger(m) || m < 1 || m > CODE_MAX_SHARDS) {
    throw new RoostError('usage', `"m" must be 1 to ${CODE_MAX_SHARDS}, got ${m}`);
  }
  const plainDirectory = encodeCbor(lengths);
  const directoryOffset = PACK_HEADER_BYTES + body;
  const directoryBytes = plainDirectory.length + TAG_BYTES;
  const used = directoryOffset + directoryBytes;
  if (used > PACK_MAX_BYTES)
    throw new RoostError('usage', `a pack must be at most ${PACK_MAX_BYTES} bytes, got ${used}`);
  const shardBytes = Math.ceil(used / m / SHARD_ALIGNMENT) * SHARD_ALIGNMENT;

  const bytes = place(shardBytes * m);
  const header = encodeHeader({ ...pack, bundles: lengths.length, directoryOffset, directoryBytes });
  bytes.set(header);
  let at = PACK_HEADER_BYTES;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.set(await suite.seal(key, nonce(DIRECTORY_NONCE), directoryAad(header), plainDirectory), at);
  bytes.fill(0, used);
  return { bytes, shardBytes };
}

/** Reads a pack's header, which is all that is not encrypted. @throws RoostError 'malformed' */
export function decodePackHeader(bytes: Uint8Array): PackHeader {
  const malformed = (what: string): RoostError => new RoostError('malformed', `pack header: ${what}`);
  if (bytes.length < PACK_HEADER_BYTES)
    throw malformed(`must be ${PACK_HEADER_BYTES} bytes, got ${bytes.length}`);
  if (!equalBytes(bytes.subarray(0, 4), MAGIC)) throw malformed('must begin with RPAK');
  if (bytes[4] !== PACK_VERSION) throw malformed(`version must be ${PACK_VERSION}, got ${bytes[4] ?? 0}`);
  const kind = KINDS[(bytes[5] ?? 0) - 1];
  if (kind === undefined) throw malformed(`kind must be 1 or 2, got ${bytes[5] ?? 0}`);
  if (bytes[6] !== 0 || bytes[7] !== 0) throw malformed('bytes 6 and 7 must be 0');
  const view = new DataView(bytes.buffer, bytes.byteOffset, PACK_HEADER_BYTES);
  const [bundles, directoryOffset, directoryBytes] = [
    view.getUint32(56),
    view.getUint32(60),
    view.getUint32(64),
  ];
  if (bundles < 1 || bundles > PACK_MAX_BUNDLES)
    throw malformed(`must have 1 to ${PACK_MAX_BUNDLES} bundles, got ${bundles}`);
  if (directoryBytes <= TAG_BYTES || directoryBytes > DIRECTORY_MAX_BYTES + TAG_BYTES) {
    throw malformed(
      `directory must be at most ${DIRECTORY_MAX_BYTES + TAG_BYTES} bytes, got ${directoryBytes}`,
    );
  }
  if (directoryOffset <= PACK_HEADER_BYTES || directoryOffset + directoryBytes > PACK_MAX_BYTES) {
    throw malformed(`directory must end within ${PACK_MAX_BYTES} bytes, begins at ${directoryOffset}`);
  }
  return {
    packId: packIdFromBytes(bytes.subarray(8, 24)),
    salt: new Uint8Array(bytes.subarray(24, 56)),
    kind,
    bundles,
    directoryOffset,
    directoryBytes,
  };
}

/**
 * Reads the directory of a whole pack: with K_content a pack explains itself, without any index.
 * @returns offset and length of each sealed bundle
 * @throws RoostError 'malformed' | 'corrupt'
 */
export async function openDirectory(
  suite: CryptoSuite,
  content: HkdfKey,
  pack: Bytes,
): Promise<{
  readonly header: PackHeader;
  readonly bundles: readonly { readonly offset: number; readonly length: number }[];
}> {
  const header = decodePackHeader(pack);
  const { packId, directoryOffset, directoryBytes } = header;
  const end = directoryOffset + directoryBytes;
  if (pack.length < end)
    throw new RoostError('corrupt', `pack ${packId} must be at least ${end} bytes, got ${pack.length}`);
  const key = await packKey(suite, content, header.salt);
  const aad = directoryAad(pack.subarray(0, PACK_HEADER_BYTES));
  const plain = await suite.open(key, nonce(DIRECTORY_NONCE), aad, pack.subarray(directoryOffset, end));
  const lengths = readCbor(plain, DIRECTORY_MAX_BYTES, `directory of pack ${packId}`, (item) =>
    item.list(PACK_MAX_BUNDLES, (length) => length.uint(SEALED_BUNDLE_MAX_BYTES, TAG_BYTES + 1)),
  );
  let offset = PACK_HEADER_BYTES;
  const bundles = lengths.map((length) => {
    const bundle = { offset, length };
    offset += length;
    return bundle;
  });
  if (offset !== directoryOffset || bundles.length !== header.bundles) {
    throw new RoostError(
      'corrupt',
      `pack ${packId}: bundles must end at ${directoryOffset}, end at ${offset}`,
    );
  }
  return { header, bundles };
}

function encodeHeader(header: PackHeader): Bytes {
  const bytes = new Uint8Array(PACK_HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[4] = PACK_VERSION;
  bytes[5] = KINDS.indexOf(header.kind) + 1;
  bytes.set(idBytes(header.packId), 8);
  bytes.set(header.salt, 24);
  const view = new DataView(bytes.buffer);
  view.setUint32(56, header.bundles);
  view.setUint32(60, header.directoryOffset);
  view.setUint32(64, header.directoryBytes);
  return bytes;
}

/** The whole header, so that none of its bytes can be changed unnoticed. */
function directoryAad(header: Uint8Array): Bytes {
  return concatBytes(label('directory'), header);
}
