// One thread of the codec pool; started by codec-pool.ts.
import { parentPort } from 'node:worker_threads';
import { fastestEngines } from '../../../workers/kernel/engines.ts';
import { createCodecOperations } from '../../core/codec/operations.ts';
import { RoostError, faultOf, messageOf } from '../../core/errors.ts';
import type { CodecCall, CodecReply } from './codec-messages.ts';
import { createNodeCryptoSuite } from './crypto-suite.ts';
import { readyToTransfer, releaseBuffers } from './transferable.ts';
import { createNodeZstd } from './zstd.ts';

if (parentPort === null) throw new RoostError('usage', 'codec-thread.ts runs as a worker thread only');
const port = parentPort;
const engines = { ...fastestEngines().engines, zstd: createNodeZstd() };
const codec = createCodecOperations(createNodeCryptoSuite(), engines);

async function answer({ id, method, values }: CodecCall): Promise<void> {
  const transfer = new Set<ArrayBuffer>();
  let reply: CodecReply;
  try {
    const calls = codec as unknown as Readonly<
      Record<string, (...values: readonly unknown[]) => Promise<unknown>>
    >;
    reply = { id, result: readyToTransfer(await calls[method]?.(...values), transfer) };
  } catch (error) {
    transfer.clear();
    reply = { id, fault: faultOf(error), message: messageOf(error) };
  }
  port.postMessage(reply, [...transfer]);
  releaseBuffers(values);
}

port.on('message', (call: CodecCall) => void answer(call));
