// The thread that lists folders and reads files for backups, with synchronous calls: many in a row cost a fraction of as many trips
// through the threads of libuv. Started by disk.ts. It imports little, for it starts with each backup.
import { parentPort } from 'node:worker_threads';
import { listFolders } from './disk-listing.ts';
import type { DiskAnswer, DiskCall } from './disk-messages.ts';
import { readRangesSync } from './disk-reading.ts';

parentPort?.on('message', (call: DiskCall) => {
  const answer: DiskAnswer =
    call.kind === 'list'
      ? listFolders(call.root, call.folders)
      : readRangesSync(call.root, call.buffer, call.start, call.ranges);
  parentPort?.postMessage(answer, 'buffer' in answer ? [answer.buffer.buffer] : []);
});
