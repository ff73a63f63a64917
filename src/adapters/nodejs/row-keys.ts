/**
 * Keys as bytes whose memcmp order is the order of UTF-16 code units, as the meta store's port wants: each code unit alone
 * as UTF-8 would write it (CESU-8). ASCII stays ASCII, and lone surrogates survive.
 */
export function encodeKey(key: string): Uint8Array {
  if (isAscii(key)) return Buffer.from(key, 'latin1');
  const bytes = new Uint8Array(3 * key.length);
  let length = 0;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit < 0x80) bytes[length++] = unit;
    else if (unit < 0x800) {
      bytes[length++] = 0xc0 | (unit >> 6);
      bytes[length++] = 0x80 | (unit & 0x3f);
    } else {
      bytes[length++] = 0xe0 | (unit >> 12);
      bytes[length++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[length++] = 0x80 | (unit & 0x3f);
    }
  }
  return bytes.subarray(0, length);
}

/** The key that encodeKey made these bytes of. */
export function decodeKey(bytes: Uint8Array): string {
  if (bytes.every(isAsciiByte))
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const units: number[] = [];
  for (let i = 0; i < bytes.length;) {
    const first = bytes[i++] ?? 0;
    if (first < 0x80) {
      units.push(first);
      continue;
    }
    const second = (bytes[i++] ?? 0) & 0x3f;
    if (first < 0xe0) units.push(((first & 0x1f) << 6) | second);
    else units.push(((first & 0x0f) << 12) | (second << 6) | ((bytes[i++] ?? 0) & 0x3f));
  }
  let text = '';
  // fromCharCode takes its units as arguments, whose number is bounded
  for (let i = 0; i < units.length; i += 4096) text += String.fromCharCode(...units.slice(i, i + 4096));
  return text;
}

/** The smallest key above all that begin with `prefix`; no encoded key has a byte 0xff. */
export function endOfPrefix(prefix: string): Uint8Array {
  const bytes = encodeKey(prefix);
  if (bytes.length === 0) return Uint8Array.of(0xff);
  const end = Uint8Array.from(bytes);
  // a byte of UTF-8 is at most 0xef, so one more never overflows
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

function isAscii(key: string): boolean {
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) > 0x7f) return false;
  return true;
}

const isAsciiByte = (byte: number): boolean => byte < 0x80;
