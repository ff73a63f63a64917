import { describe, expect, it } from 'vitest';
import { cutChunks } from '../../src/core/chunk/cut.ts';
import { gearTable } from '../../src/core/chunk/gear.ts';
import type { CodecEngines } from '../../src/core/codec/engines.ts';
import { combine as plainCombine } from '../../src/core/erasure/products.ts';
import { fastestEngines, kernelEngines } from '../../workers/kernel/engines.ts';
import { KERNEL_VARIANTS, loadKernel } from '../../workers/kernel/kernel.ts';
import { expectBytes, patternBytes } from './expect-fault.ts';

const gear = gearTable(patternBytes(1024, 5));

function enginesOf(variant: (typeof KERNEL_VARIANTS)[number]): CodecEngines {
  const kernel = loadKernel(variant);
  if (kernel === undefined) throw new Error(`this browser does not run the kernel with ${variant}`);
  return kernelEngines(kernel);
}

describe('the kernel in Chromium', () => {
  it('runs with relaxed SIMD', () => {
    expect(fastestEngines().variant).toBe('relaxed-simd');
  });

  it.each(KERNEL_VARIANTS)('with %s makes what the plain twin makes', (variant) => {
    const { combine, cut, takeRoom } = enginesOf(variant);
    for (const [m, k, length] of [
      [6, 3, 100_000],
      [10, 4, 65_537],
      [20, 10, 33],
      [5, 11, 70_000],
    ] as const) {
      const rows = Array.from({ length: k }, (_, p) => patternBytes(m, p + 1));
      const sources = Array.from({ length: m }, (_, j) => patternBytes(length, 100 + j));
      const room = takeRoom(k * length);
      const outputs = rows.map((_, p) => room.bytes.subarray(p * length, (p + 1) * length));
      combine(rows, sources, outputs);
      plainCombine(rows, sources).forEach((bytes, p) => expectBytes(outputs[p], bytes));
      room.release();
    }
    for (const data of [patternBytes(5_000_001, 7), new Uint8Array(3_000_000), patternBytes(65_537, 8)]) {
      const part = { start: 0, length: data.length, final: true };
      expect(cut(data, part, gear)).toEqual(cutChunks(data, part, gear));
    }
  });
});
