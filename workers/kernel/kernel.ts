import type { Bytes } from '../../src/core/bytes.ts';
import { RELAXED_SIMD, SIMD } from './compiled.ts';
import { MEMORY_PAGES } from './memory.ts';
import { webAssembly } from './web-assembly.ts';

/** The compiled variants, the fastest first. */
const COMPILED = { 'relaxed-simd': RELAXED_SIMD, simd: SIMD } as const;
export type KernelVariant = keyof typeof COMPILED;
export const KERNEL_VARIANTS: readonly KernelVariant[] = ['relaxed-simd', 'simd'];

/** See assembly/products.ts. */
type Sums = (length: number, count: number, tables: number, sources: number, outputs: number) => void;

/** One instance, with memory of its own. */
export interface Kernel {
  /** of fixed size, never detached */
  readonly buffer: ArrayBuffer;
  /** for 1 … 5 outputs */
  readonly sums: readonly Sums[];
  /** See assembly/scan.ts. */
  readonly scan: (start: number, length: number, gear: number, state: number, mask: number) => number;
}

/** @returns undefined where this platform lacks what the variant needs, or the memory */
export function loadKernel(variant: KernelVariant): Kernel | undefined {
  const wasm = webAssembly();
  const bytes = decodeBase64(COMPILED[variant]);
  if (wasm?.validate(bytes) !== true) return undefined;
  try {
    const memory = new wasm.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES });
    const { exports } = new wasm.Instance(new wasm.Module(bytes), { env: { memory } });
    const { sums1, sums2, sums3, sums4, sums5, scan } = exports as Readonly<Record<string, Sums>> &
      Pick<Kernel, 'scan'>;
    return { buffer: memory.buffer, sums: [sums1!, sums2!, sums3!, sums4!, sums5!], scan };
  } catch {
    // A page's policy may forbid compiling, and a phone may not have the memory: plain JavaScript needs neither.
    return undefined;
  }
}

function decodeBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
