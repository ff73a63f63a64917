import type { Bytes } from './bytes.ts';
import { decodeCbor } from './cbor.ts';
import { RoostError } from './errors.ts';
import { utf8Length } from './utf8.ts';

/**
 * Readers for decoded CBOR. Every one checks type and bound, and names the place: `head.partners[3].device must be 20 bytes,
 * got 12 bytes`. A map refuses keys that were not asked for.
 *
 * @example
 * interface Greeting { device: DeviceId; seq: number; label: string | undefined; tags: readonly string[] }
 *
 * function decodeGreeting(bytes: Uint8Array): Greeting {
 *   return readCbor(bytes, GREETING_MAX_BYTES, 'greeting', (item) =>
 *     item.map((field) => ({
 *       device: field('device').id(deviceIdFromBytes),
 *       seq: field('seq').uint(0xffff_ffff),
 *       label: field.optional('label')?.text(NAME_MAX_BYTES),
 *       tags: field('tags').list(100, (tag) => tag.text(20)),
 *     })),
 *   );
 * }
 * // the other way: encodeCbor({ device: idBytes(g.device), seq: g.seq, label: g.label, tags: g.tags })
 */
export function readCbor<T>(bytes: Uint8Array, maxBytes: number, what: string, read: (item: Item) => T): T {
  let value: unknown;
  try {
    value = decodeCbor(bytes, maxBytes);
  } catch (cause) {
    throw new RoostError('malformed', `${what}: ${cause instanceof Error ? cause.message : 'not CBOR'}`, {
      cause,
    });
  }
  return read(new Item(value, what));
}

/** Reads a decoded map; see `readCbor`. @throws RoostError 'malformed' */
export function readMap<T>(value: unknown, what: string, read: (field: Fields) => T): T {
  return new Item(value, what).map(read);
}

/** The fields of a map by name. */
export interface Fields {
  /** @throws RoostError 'malformed' when the field is missing */
  (name: string): Item;
  /** undefined when the field is missing */
  optional(name: string): Item | undefined;
}

/** One decoded value and where it lies. All readers throw RoostError 'malformed'. */
export class Item {
  readonly value: unknown;
  readonly #within: Item | undefined;
  readonly #place: string;

  /** @param place where it lies, after the place of what it lies in */
  constructor(value: unknown, place: string, within?: Item) {
    this.value = value;
    this.#place = place;
    this.#within = within;
  }

  /** Where it lies, for messages; put together only when one is written. */
  get what(): string {
    return this.#within === undefined ? this.#place : this.#within.what + this.#place;
  }

  /** A map; keys that `read` did not ask for are refused. */
  map<T>(read: (field: Fields) => T): T {
    const { value } = this;
    if (!(value instanceof Map)) throw this.not('a map');
    const entries: ReadonlyMap<unknown, unknown> = value;
    const asked: string[] = [];
    const optional = (name: string): Item | undefined => {
      if (!entries.has(name)) return undefined;
      if (!asked.includes(name)) asked.push(name);
      return new Item(entries.get(name), `.${name}`, this);
    };
    const required = (name: string): Item => {
      const item = optional(name);
      if (item === undefined) throw new RoostError('malformed', `${this.what} must have "${name}", got none`);
      return item;
    };
    required.optional = optional;
    const result = read(required);
    if (asked.length < entries.size) throw this.#unasked(entries, asked);
    return result;
  }

  #unasked(entries: ReadonlyMap<unknown, unknown>, asked: readonly string[]): RoostError {
    const key = [...entries.keys()].find((name) => typeof name !== 'string' || !asked.includes(name));
    const name = typeof key === 'string' ? `"${key.slice(0, 40)}"` : `a key of type ${typeof key}`;
    return new RoostError('malformed', `${this.what} must not have ${name}`);
  }

  /** An array of at most `max` items. */
  list<T>(max: number, read: (item: Item) => T): T[] {
    const items = this.#array();
    if (items.length > max) throw this.not(`a list of at most ${max}`);
    return items.map((value, index) => read(new Item(value, `[${index}]`, this)));
  }

  /** An array of exactly `count` items, for records too many to name their fields. */
  tuple(count: number): (index: number) => Item {
    const items = this.#array();
    if (items.length !== count) throw this.not(`a list of ${count}`);
    return (index) => new Item(items[index], `[${index}]`, this);
  }

  /** undefined for null, which stands for "none" in a tuple. */
  orNone(): Item | undefined {
    return this.value === null ? undefined : this;
  }

  /** Bytes of one length, or of at most `{ max }`. */
  bytes(length: number | { readonly max: number }): Bytes {
    const { value } = this;
    const fits =
      value instanceof Uint8Array &&
      (typeof length === 'number' ? value.length === length : value.length <= length.max);
    if (!fits) throw this.not(typeof length === 'number' ? `${length} bytes` : `at most ${length.max} bytes`);
    // The decoder gives byte strings arrays of their own.
    return value as Bytes;
  }

  /** Bytes read by a parser of ids: `field('device').id(deviceIdFromBytes)`. */
  id<T>(parse: (bytes: Uint8Array) => T): T {
    const { value } = this;
    if (!(value instanceof Uint8Array)) throw this.not('the bytes of an id');
    try {
      return parse(value);
    } catch (cause) {
      throw new RoostError('malformed', `${this.what}: ${cause instanceof Error ? cause.message : 'no id'}`, {
        cause,
      });
    }
  }

  /** A whole number from `min` (0) to `max` (2^53 - 1). */
  uint(max: number = Number.MAX_SAFE_INTEGER, min = 0): number {
    const { value } = this;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
      throw this.not(`a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** A whole number of 64 bits with a sign, as bigint whatever its size. */
  int64(): bigint {
    const { value } = this;
    const wide = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    if (typeof wide !== 'bigint' || BigInt.asIntN(64, wide) !== wide) throw this.not('a 64-bit whole number');
    return wide;
  }

  /** A finite number, whole or not, from `min` to `max`. */
  number(min: number, max: number): number {
    const { value } = this;
    if (typeof value !== 'number' || !(value >= min && value <= max))
      throw this.not(`a number from ${min} to ${max}`);
    return value;
  }

  /** Text of at most `maxBytes` of UTF-8. */
  text(maxBytes: number): string {
    const { value } = this;
    if (typeof value !== 'string' || utf8Length(value) > maxBytes)
      throw this.not(`text of at most ${maxBytes} bytes`);
    return value;
  }

  boolean(): boolean {
    const { value } = this;
    if (typeof value !== 'boolean') throw this.not('true or false');
    return value;
  }

  /** One of a closed list of texts. */
  oneOf<const T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.value);
    if (found === undefined) throw this.not(choices.map((choice) => `"${choice}"`).join(' or '));
    return found;
  }

  /** The error to throw when this item is not as `expected`. */
  not(expected: string, cause?: unknown): RoostError {
    return new RoostError('malformed', `${this.what} must be ${expected}, got ${describe(this.value)}`, {
      cause,
    });
  }

  #array(): readonly unknown[] {
    const { value } = this;
    if (!Array.isArray(value)) throw this.not('a list');
    return value as readonly unknown[];
  }
}

/** The kind and size of a value, never its content: records hold names and secrets. */
function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return `a map of ${value.size}`;
  if (typeof value === 'string') return `text of ${utf8Length(value)} bytes`;
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  return value === null ? 'null' : 'nothing';
}
