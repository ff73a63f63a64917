import type { MemoryNetwork } from '../../../src/adapters/memory/memory-network.ts';
import { hex } from '../../../src/core/hex.ts';
import type { DeviceId } from '../../../src/core/ids.ts';
import type { Liar } from './liar-tap.ts';

/** Lets audits begin, and is gone as soon as it hears what it must show. `heard` notes each commitment it was asked to open. */
export function silentAfterReveal(
  network: MemoryNetwork,
  self: DeviceId,
  heard: (by: DeviceId, commit: string) => void,
): Liar {
  return {
    asked: ({ ask, by }) => {
      if (ask.kind !== 'audit-answer') return 'pass';
      heard(by, hex(ask.commit));
      network.disconnect(self, by);
      return 'swallow';
    },
  };
}
