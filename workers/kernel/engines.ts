import { cutChunks } from '../../src/core/chunk/cut.ts';
import type { CodecEngines } from '../../src/core/codec/engines.ts';
import { PLAIN_ENGINES } from '../../src/core/codec/engines.ts';
import { createCutLength } from './cutter.ts';
import type { Kernel, KernelVariant } from './kernel.ts';
import { KERNEL_VARIANTS, loadKernel } from './kernel.ts';
import { Rooms } from './memory.ts';
import { createCombine } from './products.ts';

/** What the codec of one worker runs on. */
export interface ChosenEngines {
  readonly variant: KernelVariant | 'plain';
  readonly engines: CodecEngines;
}

/** The fastest that this platform can run. Each has memory of its own, and serves one thread. */
export function fastestEngines(): ChosenEngines {
  for (const variant of KERNEL_VARIANTS) {
    const kernel = loadKernel(variant);
    if (kernel !== undefined) return { variant, engines: kernelEngines(kernel) };
  }
  return { variant: 'plain', engines: PLAIN_ENGINES };
}

export function kernelEngines(kernel: Kernel): CodecEngines {
  const cutLength = createCutLength(kernel);
  const rooms = new Rooms(kernel.buffer);
  return {
    ...PLAIN_ENGINES,
    combine: createCombine(kernel),
    cut: (buffer, part, gear) => cutChunks(buffer, part, gear, cutLength),
    takeRoom: (length) => rooms.take(length),
  };
}
