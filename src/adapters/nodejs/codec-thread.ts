// One thread of the codec pool; started by codec-pool.ts.
import { parentPort } from 'node:worker_threads';
import { fastestEngines } from '../../../workers/kernel/engines.ts';
import type { CodecEngines } from '../../core/codec/engines.ts';
import { createCodecOperations } from '../../core/codec/operations.ts';
import { ResultRooms } from '../../core/codec/result-rooms.ts';
import type { Codec } from '../../core/codec/types.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { CodecCall, CodecMethod, CodecReply } from './codec-messages.ts';
import { createNodeCryptoSuite } from './crypto-suite.ts';
import { readyToTransfer, releaseBuffers } from './transferable.ts';
import { createNodeZstd } from './zstd.ts';

if (parentPort === null) throw new RoostError('usage', 'codec-thread.ts runs as a worker thread only');
const port = parentPort;
/** What these answer lies in rooms, which may be longer. */
const IN_ROOMS: readonly CodecMethod[] = ['sealBundles', 'encodePack', 'remakeShard'];

const rooms = new ResultRooms();
const engines: CodecEngines = {
  ...fastestEngines().engines,
  takeResult: (length) => rooms.take(length),
  zstd: createNodeZstd(),
};
const codec = createCodecOperations(createNodeCryptoSuite(), engines);

async function answer({ id, method, values, spare }: CodecCall): Promise<void> {
  rooms.give(spare);
  const transfer = new Set<ArrayBuffer>();
  let reply: CodecReply;
  try {
    const calls = codec as unknown as Readonly<
      Record<string, (...values: readonly unknown[]) => Promise<unknown>>
    >;
    const result = await calls[method]?.(...values);
    reply = { id, result: readyToTransfer(result, transfer, IN_ROOMS.includes(method) ? 'moved' : 'copied') };
  } catch (error) {
    transfer.clear();
    reply = { id, fault: faultOf(error), message: messageOf(error) };
  }
  port.postMessage(reply, [...transfer]);
  if (method === 'encodePack') rooms.give((values as Parameters<Codec['encodePack']>)[0].parts);
  else releaseBuffers(values);
}

port.on('message', (call: CodecCall) => void answer(call));
