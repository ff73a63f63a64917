import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startCooperative } from '../e2e/support/cooperative.ts';
import { finished, spawnRoost } from '../e2e/support/roost.ts';
import { openWorkspace } from '../e2e/support/workspace.ts';
import { makeMixedTree } from './trees.ts';

const HOLDERS = 6;
const MB = 1e6;
const TREE = { files: 10_000, bytes: 200 * MB };
const IDLE = '(idle)';
/** Frames are told by their source file. */
const SOURCES = { ROOST_SOURCES: '1' };

/** A profile as `node --cpu-prof` writes it, one for each thread. */
interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** microseconds */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

/** The stage of a sample is that of the innermost frame that has one. */
const STAGES: readonly (readonly [stage: string, frame: RegExp])[] = [
  ['collecting garbage', /^\(garbage collector\)/],
  [
    'starting: reading, stripping and compiling programs',
    / node:internal\/(modules|bootstrap|deps\/amaro|main)/,
  ],
  ['listing folders', /nodejs\/disk-listing/],
  ['reading files', /nodejs\/disk-reading/],
  ['writing files', /nodejs\/disk-writing/],
  ['cutting chunks', /(core\/chunk|kernel\/cutter)/],
  ['naming chunks (HMAC)', /^hmac .*crypto-suite/],
  ['hashing shards', /^sha256 .*crypto-suite/],
  ['encrypting, decrypting', /^(seal|open) .*(crypto-suite|aes-gcm)/],
  ['compressing, decompressing', /nodejs\/zstd/],
  ['erasure coding', /(core\/erasure|kernel\/products)/],
  ['database', /sqlite-meta-store/],
  ['scanning and comparing', /(backup\/scan|nodejs\/source|backup\/file-keys|compareWithMemory)/],
  ['trees', /backup\/tree-writer/],
  ['sending', /(nodejs\/rtc-|agent\/session|agent\/network|core\/wire)/],
  [
    'moving buffers between threads',
    /(codec-pool|codec-thread|transferable|nodejs\/disk|file-reader|pack-writer|nodejs\/sink)/,
  ],
];

/**
 * Where the owner's process spends its time in a first and in an unchanged backup to six holders and in a restore, by its profiles: seconds of JavaScript
 * threads that were at work, by stage. Threads of libdatachannel and of V8 are in no profile.
 * @returns lines of a Markdown table
 */
export async function measureStages(): Promise<string> {
  const workspace = await openWorkspace('bench-stages');
  try {
    const tree = workspace.path('tree');
    const { files, bytes } = await makeMixedTree(tree, TREE);
    const { owner } = await startCooperative(workspace, HOLDERS);
    const runs: Map<string, number>[] = [];
    const commands = {
      first: ['backup', tree],
      unchanged: ['backup', tree],
      restore: ['restore', 'latest', '--to', workspace.path('restored')],
    };
    for (const [run, command] of Object.entries(commands)) {
      const profiles = workspace.path(`profiles-${run}`);
      const node = ['--cpu-prof', '--cpu-prof-dir', profiles];
      const { code, stderr } = await finished(spawnRoost(owner.home, command, node, SOURCES));
      if (code !== 0) throw new Error(`the ${run} run ended with ${String(code)}: ${stderr}`);
      runs.push(await stagesOf(profiles));
    }
    const lines = [
      `| seconds of ${files} files, ${(bytes / MB).toFixed(0)} MB | first | unchanged | restore |`,
      '| --- | ---: | ---: | ---: |',
    ];
    for (const stage of [...STAGES.map(([name]) => name), 'all else']) {
      lines.push(`| ${stage} | ${runs.map((run) => (run.get(stage) ?? 0).toFixed(2)).join(' | ')} |`);
    }
    return lines.join('\n');
  } finally {
    await workspace.close();
  }
}

async function stagesOf(directory: string): Promise<Map<string, number>> {
  const seconds = new Map<string, number>();
  for (const file of await readdir(directory)) {
    const { nodes, samples, timeDeltas } = JSON.parse(
      await readFile(join(directory, file), 'utf8'),
    ) as Profile;
    const stages = stageOfNodes(nodes);
    samples.forEach((id, i) => {
      const stage = stages.get(id) ?? 'all else';
      if (stage !== IDLE) seconds.set(stage, (seconds.get(stage) ?? 0) + (timeDeltas[i] ?? 0) / 1e6);
    });
  }
  return seconds;
}

/** Parents come before their children. */
function stageOfNodes(nodes: readonly ProfileNode[]): Map<number, string> {
  const stages = new Map<number, string>();
  for (const { id, callFrame, children = [] } of nodes) {
    const frame = `${callFrame.functionName} ${callFrame.url}`;
    const own = callFrame.functionName === IDLE ? IDLE : STAGES.find(([, test]) => test.test(frame))?.[0];
    const stage = own ?? stages.get(id);
    if (stage === undefined) continue;
    stages.set(id, stage);
    for (const child of children) stages.set(child, stage);
  }
  return stages;
}
