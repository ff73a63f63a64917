import type { Bytes } from '../bytes.ts';
import { encodeUtf8 } from '../utf8.ts';

/** HKDF labels and signature domains, src/core/FORMAT.md "Keys". A change of meaning takes a new number. */
const FORMAT_LABEL = 'roost/1';

/** `roost/1/<name>` as bytes: the `info` of HKDF. */
export function label(name: string): Bytes {
  return encodeUtf8(`${FORMAT_LABEL}/${name}`);
}

export const NO_SALT: Bytes = new Uint8Array(0);
