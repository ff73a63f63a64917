import { RoostError } from '../../../src/core/errors.ts';
import type { Codec } from '../../../src/ports/codec.ts';

const unused = (): Promise<never> => Promise.reject(new RoostError('internal', 'this test has no codec'));

/** For worlds whose devices cut and seal nothing. */
export const noCodec: Codec = {
  setKeys: unused,
  cut: unused,
  sealBundles: unused,
  encodePack: unused,
  remakeShard: unused,
  openSegments: unused,
  reconstruct: unused,
  openBundles: unused,
  close: () => Promise.resolve(),
};
