// The thread that lists folders, reads files for backups and writes those of restores, with synchronous calls: many in a row cost a fraction of
// as many trips through the threads of libuv. Started by disk.ts. It imports little, for it starts with each backup.
import { parentPort } from 'node:worker_threads';
import { listFolders } from './disk-listing.ts';
import type { DiskAnswer, DiskCall } from './disk-messages.ts';
import { readRangesSync } from './disk-reading.ts';
import { writeSteps } from './disk-writing.ts';

parentPort?.on('message', (call: DiskCall) => {
  const answer = answerTo(call);
  parentPort?.postMessage(answer, 'buffer' in answer ? [answer.buffer.buffer] : []);
});

function answerTo(call: DiskCall): DiskAnswer {
  switch (call.kind) {
    case 'list':
      return listFolders(call.root, call.folders);
    case 'read':
      return readRangesSync(call.root, call.buffer, call.start, call.ranges);
    case 'write':
      return writeSteps(call.root, call.buffer, call.steps);
  }
}
