import type { CryptoSuite } from '../../core/crypto/suite.ts';
import type { Codec } from '../../ports/codec.ts';
import type { VirtualClock } from './virtual-clock.ts';

type Method = (...values: never[]) => Promise<unknown>;

/** The same object, whose calls hold time while they are open: their work may be done where the event loop does not see it. */
function holdTime<T extends object>(clock: VirtualClock, target: T): T {
  return new Proxy(target, {
    get(object, name): unknown {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== 'function') return value;
      return (...values: never[]): Promise<unknown> => clock.during((value as Method).apply(object, values));
    },
  });
}

/** A crypto suite that holds virtual time while it works. */
export const holdingSuite = (clock: VirtualClock, suite: CryptoSuite): CryptoSuite => holdTime(clock, suite);

/** A codec that holds virtual time while it works. */
export const holdingCodec = (clock: VirtualClock, codec: Codec): Codec => holdTime(clock, codec);
