import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCodecOperations } from '../../../src/core/codec/operations.ts';
import { PLAIN_ENGINES } from '../../../src/core/codec/engines.ts';
import type { Codec } from '../../../src/core/codec/types.ts';
import { parseCode } from '../../../src/core/erasure/codes.ts';
import { encodeParity } from '../../../src/core/erasure/erasure.ts';
import { CODE_MAX_SHARDS, PACK_MAX_BYTES } from '../../../src/core/limits.ts';
import { fastestEngines } from '../../../workers/kernel/engines.ts';
import { codecContract } from '../../contracts/codec.ts';
import { expectBytes, patternBytes } from '../../contracts/expect-fault.ts';
import { compiledKernel } from '../../tools/compile-kernel.ts';
import isal from '../../vectors/reed-solomon-isal.json' with { type: 'json' };
import { PACK_ID, SALT, fixedKeys, fromHex, sealFor, toHex, webCrypto } from '../core-format/suites.ts';
import { VARIANTS } from './variants.ts';

for (const [name, engines] of VARIANTS) {
  codecContract(`The inline codec with ${name}`, async () => ({
    codec: createCodecOperations(webCrypto, engines),
    suite: webCrypto,
  }));
}

describe('the compiled kernel', () => {
  it('is what its sources give', () => {
    const written = readFileSync(new URL('../../../workers/kernel/compiled.ts', import.meta.url), 'utf8');
    expect(written, 'run `npm run kernel`').toBe(compiledKernel());
  }, 240_000); // the compiler starts twice
});

describe.each([...VARIANTS, ['plain', PLAIN_ENGINES] as const])('engines: %s', (_name, engines) => {
  it('make the parity that ISA-L makes', () => {
    for (const { m, k, data, parity } of isal) {
      const code = { name: 'reed-solomon', m, k } as const;
      expect(encodeParity(code, data.map(fromHex), engines.combine).map(toHex)).toEqual(parity);
    }
  });

  it('make the same shards as plain ones, more calls at once than there are rooms for', async () => {
    const code = parseCode('reed-solomon:4+3');
    const keys = await fixedKeys(webCrypto);
    const shardHashes = async (codec: Codec, seed: number): Promise<string[]> => {
      const parts = [patternBytes(500_000 + seed, seed), patternBytes(300_000, seed + 1)];
      const { shards } = await codec.encodePack({
        packId: PACK_ID,
        salt: SALT,
        kind: 'data',
        code,
        lengths: parts.map(({ length }) => length),
        parts,
        seals: Array.from({ length: 7 }, (_, shard) => sealFor(keys, shard)),
      });
      return shards.map(({ hash }) => toHex(hash));
    };
    const [codec, plain] = [engines, PLAIN_ENGINES].map((chosen) => createCodecOperations(webCrypto, chosen));
    await Promise.all([codec!.setKeys(keys), plain!.setKeys(keys)]);
    const seeds = [1, 2, 3, 4, 5, 6];
    const together = await Promise.all(seeds.map((seed) => shardHashes(codec!, seed)));
    for (const [i, seed] of seeds.entries()) expect(together[i]).toEqual(await shardHashes(plain!, seed));
  });

  it('give rooms that never overlap, as many and as large as are asked for', () => {
    const lengths = [PACK_MAX_BYTES + CODE_MAX_SHARDS * 64, 1, 0, 1000, 1000, 2 * PACK_MAX_BYTES, 64];
    const rooms = lengths.map((length) => engines.takeRoom(length));
    rooms.forEach((room, i) => {
      expect(room.bytes.length).toBe(lengths[i]);
      room.bytes.fill(i + 1);
    });
    rooms.forEach((room, i) => expect(room.bytes.every((byte) => byte === i + 1)).toBe(true));
    // given back twice, a room is still free once
    rooms.forEach((room) => room.release());
    rooms.forEach((room) => room.release());
    const again = lengths.map(() => engines.takeRoom(8));
    again.forEach((room, i) => room.bytes.fill(i + 1));
    again.forEach((room, i) => expectBytes(room.bytes, new Uint8Array(8).fill(i + 1)));
    again.forEach((room) => room.release());
  });
});

describe('the fastest engines', () => {
  const real = WebAssembly;
  afterEach(() => vi.unstubAllGlobals());

  const worksPlainly = (): void => {
    const { variant, engines } = fastestEngines();
    expect(variant).toBe('plain');
    const code = { name: 'reed-solomon', m: 2, k: 1 } as const;
    const data = [patternBytes(10, 1), patternBytes(10, 2)];
    expectBytes(encodeParity(code, data, engines.combine)[0], encodeParity(code, data)[0]!);
  };

  it('use relaxed SIMD where it is there', () => {
    expect(fastestEngines().variant).toBe('relaxed-simd');
  });

  it('use SIMD where relaxed SIMD is not', () => {
    const [relaxed] = VARIANTS;
    expect(relaxed?.[0]).toBe('relaxed-simd');
    let first = true;
    const validate = (bytes: Uint8Array<ArrayBuffer>): boolean => {
      const valid = !first && real.validate(bytes);
      first = false;
      return valid;
    };
    vi.stubGlobal('WebAssembly', { ...members(real), validate });
    expect(fastestEngines().variant).toBe('simd');
  });

  it('are plain without WebAssembly, as in iOS Lockdown Mode', () => {
    vi.stubGlobal('WebAssembly', undefined);
    worksPlainly();
  });

  it('are plain where a policy forbids to compile', () => {
    const Module = refusing(new real.CompileError('blocked by Content Security Policy'));
    vi.stubGlobal('WebAssembly', { ...members(real), Module });
    worksPlainly();
  });

  it('are plain where the memory is not to be had', () => {
    const Memory = refusing(new RangeError('could not allocate memory'));
    vi.stubGlobal('WebAssembly', { ...members(real), Memory });
    worksPlainly();
  });
});

/** WebAssembly's own properties are not enumerable. */
function members(api: typeof WebAssembly): object {
  const { validate, Module, Instance, Memory } = api;
  return { validate, Module, Instance, Memory };
}

/** A constructor that throws. */
function refusing(error: Error): () => never {
  return function () {
    throw error;
  };
}
