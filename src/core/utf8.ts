import type { Bytes } from './bytes.ts';
import { toBytes } from './bytes.ts';
import { RoostError } from './errors.ts';

// Every platform has them (WHATWG Encoding); core is compiled without the DOM library that would declare them.
declare const TextEncoder: new () => { encode(text: string): Uint8Array };
declare const TextDecoder: new (
  label: 'utf-8',
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF: file names may begin with one.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws RoostError 'usage' when the text has a lone surrogate, which UTF-8 cannot say */
export function encodeUtf8(text: string): Bytes {
  if (!text.isWellFormed()) {
    throw new RoostError('usage', 'text must be well-formed Unicode, got a lone surrogate');
  }
  return toBytes(encoder.encode(text));
}

/** Calling the platform's decoder costs more than a short word is worth. */
const SHORT_BYTES = 48;

/** @throws RoostError 'malformed' when the bytes are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length <= SHORT_BYTES) {
    const text = asciiOf(bytes);
    if (text !== undefined) return text;
  }
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new RoostError('malformed', `text must be UTF-8, got ${bytes.length} bytes that are not`, {
      cause,
    });
  }
}

const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));

/** undefined when a byte is beyond ASCII */
function asciiOf(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    const character = ASCII[bytes[i]!];
    if (character === undefined) return undefined;
    text += character;
  }
  return text;
}

/** Length of the UTF-8 form in bytes, without making it. A lone surrogate counts as 3. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

/** Orders text as its UTF-8 bytes are ordered, which `<` does not beyond the Basic Multilingual Plane. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, but their units lie below U+E000. */
function rank(unit: number): number {
  return (unit & 0xf800) === 0xd800 ? unit + 0x10000 : unit;
}
