import { hex, smallSha256 } from '../../core/hex.ts';
import { encodeUtf8 } from '../../core/utf8.ts';

const FOLDER_DIGITS = 16;
/** The end of a key. */
export const PATH_DIGITS = 32;

/** Key prefix of a folder's files in the scan's memory: ASCII and of one length, whatever the names. */
export function folderKey(folder: string): string {
  return `${hex(smallSha256(encodeUtf8(folder.toWellFormed()))).slice(0, FOLDER_DIGITS)}/`;
}

/** Key of one file in the scan's memory, under the key of its folder. */
export function fileKey(folder: string, path: string): string {
  return folder + hex(smallSha256(encodeUtf8(path.toWellFormed()))).slice(0, PATH_DIGITS);
}
