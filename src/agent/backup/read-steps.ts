import { MIB } from '../../core/limits.ts';
import type { ScanNode } from './scan.ts';

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
  readonly nodes: readonly ScanNode[];
  readonly bytes: number;
}

export interface Window {
  readonly kind: 'window';
  readonly node: ScanNode;
  readonly offset: number;
  readonly bytes: number;
  /** whether the file ends here, going by its size in the scan */
  readonly final: boolean;
}

/** Divides files into steps, in their order. The rest of a file is left out once it has a fault. */
export function* readSteps(files: Iterable<ScanNode>): Generator<ReadStep, undefined> {
  let nodes: ScanNode[] = [];
  let bytes = 0;
  for (const node of files) {
    const { size } = node.entry;
    const shares = size <= SHARED_MAX_BYTES;
    if (nodes.length > 0 && (!shares || nodes.length >= BATCH_FILES || bytes + size > WINDOW_BYTES)) {
      yield { kind: 'whole', nodes, bytes };
      nodes = [];
      bytes = 0;
    }
    if (shares) {
      nodes.push(node);
      bytes += size;
    } else yield* windows(node);
  }
  if (nodes.length > 0) yield { kind: 'whole', nodes, bytes };
}

function* windows(node: ScanNode): Generator<Window, undefined> {
  const { size } = node.entry;
  for (let offset = 0; offset < size && node.fault === undefined; offset += WINDOW_BYTES) {
    const bytes = Math.min(WINDOW_BYTES, size - offset);
    yield { kind: 'window', node, offset, bytes, final: offset + bytes === size };
  }
}
