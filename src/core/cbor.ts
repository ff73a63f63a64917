import { Tokenizer, Type, decode, encode } from 'cborg';
import type { DecodeOptions, EncodeOptions, Token } from 'cborg';
import type { Bytes } from './bytes.ts';
import { equalBytes } from './bytes.ts';
import { RoostError, messageOf } from './errors.ts';
import { compareUtf8, decodeUtf8, utf8Length } from './utf8.ts';

/**
 * Deterministic CBOR: the core profile of RFC 8949 section 4.2.1, without tags, undefined, NaN and infinities.
 * Parsers read the decoded value with src/core/schema.ts.
 */

/** Nesting of arrays and maps; the deepest record of ours has 5. */
const MAX_DEPTH = 16;

/** The encoder sorts keys by length and then by bytes, which for text keys is the order of RFC 8949. */
const ENCODE: EncodeOptions = {
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
    const from = this.pos();
    const token = super.next();
    const { type } = token;
    if (type === Type.array || type === Type.map) {
      const count = Number(token.value) * (type === Type.array ? 1 : 2);
      if (count > 0) {
        this.#open.push(count);
        if (this.#open.length > MAX_DEPTH) {
          throw new RoostError('malformed', `CBOR must be nested at most ${MAX_DEPTH} deep`);
        }
        return token;
      }
    } else if (type === Type.string) {
      if (token.byteValue) token.value = decodeUtf8(token.byteValue);
    } else if (type === Type.float) mustBeShortest(token.value, this.data.subarray(from, this.pos()));
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

/** Whole numbers are no floats, and a float is as short as holds its value. */
function mustBeShortest(value: unknown, bytes: Uint8Array): void {
  if (!equalBytes(encode(value, ENCODE), bytes))
    throw new RoostError('malformed', `CBOR number must be as short as possible, got ${bytes.length} bytes`);
}

/** Every map has text keys, in the order of their encodings: the shorter first, then by bytes. */
function mustBeSorted(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) mustBeSorted(item);
  } else if (value instanceof Map) {
    let before: string | undefined;
    for (const [key, item] of value as ReadonlyMap<unknown, unknown>) {
      if (typeof key !== 'string')
        throw new RoostError('malformed', `CBOR map must have text keys, got a key of type ${typeof key}`);
      if (before !== undefined && (utf8Length(before) - utf8Length(key) || compareUtf8(before, key)) >= 0)
        throw new RoostError('malformed', 'CBOR map must have its keys in order (RFC 8949 section 4.2.1)');
      before = key;
      mustBeSorted(item);
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
  mustBeSorted(value);
  return value;
}

/**
 * Decodes a record of our own writing that no one else signs or compares: as `decodeCbor`, but keys may be in any order.
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
