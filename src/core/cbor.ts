import { Tokenizer, Type, decode, encode, rfc8949EncodeOptions } from 'cborg';
import type { DecodeOptions, EncodeOptions, Token } from 'cborg';
import type { Bytes } from './bytes.ts';
import { equalBytes } from './bytes.ts';
import { RoostError, messageOf } from './errors.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * Deterministic CBOR: the core profile of RFC 8949 section 4.2.1, without tags, undefined, NaN and infinities.
 * Parsers read the decoded value with src/core/schema.ts.
 */

/** Nesting of arrays and maps; the deepest record of ours has 5. */
const MAX_DEPTH = 16;

const ENCODE: EncodeOptions = {
  ...rfc8949EncodeOptions,
  ignoreUndefinedProperties: true,
  typeEncoders: {
    undefined: () => {
      throw new RoostError('internal', 'CBOR value must not hold undefined outside of an object property');
    },
    string: (text: unknown) => {
      if (typeof text === 'string' && text.isWellFormed()) return null;
      throw new RoostError('usage', 'text must be well-formed Unicode, got a lone surrogate');
    },
    number: (value: unknown) => {
      if (Number.isFinite(value)) return null;
      throw new RoostError('internal', `CBOR number must be finite, got ${String(value)}`);
    },
  },
};

const DECODE: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: true,
  // Maps, not objects: a key named __proto__ is a key like any other.
  useMaps: true,
  rejectDuplicateMapKeys: true,
  retainStringBytes: true,
};

/** Bounds the depth before the decoder recurses, and reads text strictly (the decoder's own drops a leading U+FEFF). */
class StrictTokenizer extends Tokenizer {
  /** items still to come at each open level */
  readonly #open: number[] = [];

  override next(): Token {
    const token = super.next();
    const isArray = Type.equals(token.type, Type.array);
    const count = isArray || Type.equals(token.type, Type.map) ? Number(token.value) * (isArray ? 1 : 2) : 0;
    if (count > 0) {
      this.#open.push(count);
      if (this.#open.length > MAX_DEPTH) {
        throw new RoostError('malformed', `CBOR must be nested at most ${MAX_DEPTH} deep`);
      }
      return token;
    }
    if (Type.equals(token.type, Type.string) && token.byteValue) {
      token.value = decodeUtf8(token.byteValue);
    }
    this.#complete();
    return token;
  }

  /** One item ended, and with it every level that it was the last item of. */
  #complete(): void {
    for (;;) {
      const left = this.#open.pop();
      if (left === undefined) return;
      if (left > 1) {
        this.#open.push(left - 1);
        return;
      }
    }
  }
}

/**
 * Encodes deterministically. Takes plain objects and Maps with text keys, arrays, Uint8Array, text, booleans, null, finite
 * numbers and bigints of at most 64 bits. Object properties that are undefined are left out.
 */
export function encodeCbor(value: unknown): Bytes {
  // A copy, because the encoder's result may lie in a pooled buffer that must not be transferred.
  return new Uint8Array(encode(value, ENCODE));
}

/**
 * Decodes what `encodeCbor` makes and nothing else: maps become Maps, byte strings own arrays, integers beyond 2^53 bigints.
 * @throws RoostError 'malformed' on more than `maxBytes`, any other encoding of the same value, duplicate keys, trailing bytes
 */
export function decodeCbor(bytes: Uint8Array, maxBytes: number): unknown {
  const value = decodeOwnCbor(bytes, maxBytes);
  let again: Uint8Array;
  try {
    again = encode(value, ENCODE);
  } catch (cause) {
    throw notOurs(cause);
  }
  if (!equalBytes(again, bytes)) {
    throw new RoostError(
      'malformed',
      `CBOR must be deterministic (RFC 8949 section 4.2.1), got ${bytes.length} other bytes`,
    );
  }
  return value;
}

/**
 * Decodes a record of our own writing that no one else signs or compares: as `decodeCbor`, but another encoding of the same value passes.
 * @throws RoostError 'malformed' on more than `maxBytes`, anything outside the profile, duplicate keys, trailing bytes
 */
export function decodeOwnCbor(bytes: Uint8Array, maxBytes: number): unknown {
  if (bytes.length > maxBytes) {
    throw new RoostError('malformed', `CBOR must be at most ${maxBytes} bytes, got ${bytes.length}`);
  }
  try {
    return decode(bytes, { ...DECODE, tokenizer: new StrictTokenizer(bytes, DECODE) });
  } catch (cause) {
    throw notOurs(cause);
  }
}

function notOurs(cause: unknown): RoostError {
  if (cause instanceof RoostError && cause.fault === 'malformed') return cause;
  return new RoostError('malformed', `not CBOR of our profile: ${messageOf(cause)}`, { cause });
}
