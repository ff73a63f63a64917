import { MIB } from '../../core/limits.ts';
import type { ScannedFile } from './entry-table.ts';

/** Bytes read in one step. */
export const WINDOW_BYTES = 4 * MIB;
/** Files read in one step. */
const BATCH_FILES = 512;
/** Larger files do not share a step, so that steps are well filled. */
const SHARED_MAX_BYTES = MIB;

/** What is read and cut in one go: whole files, or a part of a large one. */
export type ReadStep = WholeFiles | Window;

interface WholeFiles {
  readonly kind: 'whole';
  readonly files: readonly ScannedFile[];
  readonly bytes: number;
}

export interface Window {
  readonly kind: 'window';
  readonly file: ScannedFile;
  readonly offset: number;
  readonly bytes: number;
  /** whether the file ends here, going by its size in the scan */
  readonly final: boolean;
}

/** Divides files into steps, in their order. The rest of a file is left out once it has a fault. */
export function* readSteps(files: Iterable<ScannedFile>): Generator<ReadStep, undefined> {
  let whole: ScannedFile[] = [];
  let bytes = 0;
  for (const file of files) {
    const { size } = file;
    const shares = size <= SHARED_MAX_BYTES;
    if (whole.length > 0 && (!shares || whole.length >= BATCH_FILES || bytes + size > WINDOW_BYTES)) {
      yield { kind: 'whole', files: whole, bytes };
      whole = [];
      bytes = 0;
    }
    if (shares) {
      whole.push(file);
      bytes += size;
    } else yield* windows(file);
  }
  if (whole.length > 0) yield { kind: 'whole', files: whole, bytes };
}

function* windows(file: ScannedFile): Generator<Window, undefined> {
  const { size } = file;
  for (let offset = 0; offset < size && file.fault === undefined; offset += WINDOW_BYTES) {
    const bytes = Math.min(WINDOW_BYTES, size - offset);
    yield { kind: 'window', file, offset, bytes, final: offset + bytes === size };
  }
}
