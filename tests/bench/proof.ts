import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { roost } from '../e2e/support/roost.ts';
import { seededBytes } from '../e2e/support/seeded.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { median } from './measure.ts';

const HOLDERS = 6;
const MB = 1e6;
const GB = 1e9;
const FILE_BYTES = 64 * 1024 * 1024;
/** 1 GiB in all */
const FILES = 16;
/** Its documentation: a verify downloads all shares, N/K times the file; 10 and 3 are the defaults. */
const TAHOE = { shares: 10, needed: 3 };

/** Bytes and seconds of one way to learn whether the pieces are still there. */
interface Proof {
  readonly moved: number;
  readonly seconds: number;
}

/**
 * What it costs to learn that six holders keep what they promised, `roost check` and `roost check --read-all` in turn.
 * @returns lines of a Markdown table
 */
export async function measureProof(runs: number): Promise<string> {
  const workspace = await openWorkspace('bench-proof');
  try {
    const tree = workspace.path('tree');
    await mkdir(tree);
    for (let file = 0; file < FILES; file++) {
      await writeFile(join(tree, `${file}.bin`), seededBytes(file + 1, FILE_BYTES));
    }
    const cooperative = await startCooperative(workspace, HOLDERS, '4GiB');
    const owner = cooperative.owner.home;
    await roost(owner, 'backup', tree);
    const drawn: Proof[] = [];
    const all: Proof[] = [];
    let provedBytes = 0;
    for (let run = 0; run < runs; run++) {
      const check = await roost(owner, 'check');
      const proved = check['partners'].filter(({ outcome }: { outcome: string }) => outcome === 'proved');
      if (proved.length !== HOLDERS) throw new Error(`${proved.length} of ${HOLDERS} holders proved`);
      provedBytes = check['provedBytes'];
      drawn.push({ moved: check['movedBytes'], seconds: check['seconds'] });
      const read = await roost(owner, 'check', '--read-all');
      if (read['failed'].length > 0) throw new Error(`${read['failed'].length} files could not be read`);
      // The content alone: nothing in it can be compressed or left out.
      all.push({ moved: read['bytes'], seconds: read['seconds'] });
    }
    return proofTable(provedBytes, drawn, all);
  } finally {
    await workspace.close();
  }
}

function proofTable(provedBytes: number, drawn: readonly Proof[], all: readonly Proof[]): string {
  const fileBytes = FILES * FILE_BYTES;
  const row = (what: string, holders: number, moved: number, seconds?: number): string => {
    const cells = [
      what,
      (moved / MB / (fileBytes / GB)).toFixed(1),
      (moved / MB / holders).toFixed(2),
      `**${(moved / fileBytes).toPrecision(2)}**`,
      seconds === undefined ? 'not measured' : seconds.toFixed(1),
      seconds === undefined ? '' : String(all.length),
    ];
    return `| ${cells.join(' | ')} |`;
  };
  const middle = (proofs: readonly Proof[], of: keyof Proof): number =>
    median(proofs.map((proof) => proof[of]));
  return [
    `| ${(fileBytes / GB).toFixed(2)} GB in ${(provedBytes / GB).toFixed(2)} GB of pieces at ${HOLDERS} holders | MB moved for each GB of files | MB a holder | × the files | seconds | runs |`,
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    row('`roost check`', HOLDERS, middle(drawn, 'moved'), middle(drawn, 'seconds')),
    row('`roost check --read-all`', HOLDERS, middle(all, 'moved'), middle(all, 'seconds')),
    row('Tahoe-LAFS verify, by its documentation', TAHOE.shares, (fileBytes * TAHOE.shares) / TAHOE.needed),
  ].join('\n');
}
