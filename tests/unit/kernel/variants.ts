import type { CodecEngines } from '../../../src/core/codec/engines.ts';
import { kernelEngines } from '../../../workers/kernel/engines.ts';
import { KERNEL_VARIANTS, loadKernel } from '../../../workers/kernel/kernel.ts';

/** Both compiled variants. Node.js runs either, so a test may not pass over one. */
export const VARIANTS: readonly (readonly [name: string, engines: CodecEngines])[] = KERNEL_VARIANTS.map(
  (variant) => {
    const kernel = loadKernel(variant);
    if (kernel === undefined) throw new Error(`this Node.js must run the kernel with ${variant}`);
    return [variant, kernelEngines(kernel)];
  },
);
