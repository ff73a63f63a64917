import type { Bytes } from '../src/core/bytes.ts';
import { encodeCbor } from '../src/core/cbor.ts';
import { DAYS_KEPT } from '../src/core/placement/reliability.ts';
import type { History } from '../src/core/placement/reliability.ts';
import { readCbor } from '../src/core/schema.ts';

const DAY_MS = 86_400_000;
const OBSERVED_MAX_BYTES = 2048;

/** What the broker remembers of a device (or of itself). */
export interface Observed {
  /** milliseconds since 1970 of the last moment it was online */
  readonly seenAt: number;
  readonly history: History;
}

export const encodeObserved = ({ seenAt, history }: Observed): Bytes =>
  encodeCbor({
    seen: Math.round(seenAt),
    days: [...history].sort(([a], [b]) => a - b).map(([day, ms]) => [day, Math.round(ms)]),
  });

/** @throws RoostError 'malformed' */
export function decodeObserved(bytes: Uint8Array): Observed {
  return readCbor(bytes, OBSERVED_MAX_BYTES, 'history', (item) =>
    item.map((field) => ({
      seenAt: field('seen').uint(),
      history: new Map(
        field('days').list(DAYS_KEPT + 1, (row) => {
          const at = row.tuple(2);
          return [at(0).uint(), at(1).uint(DAY_MS)] as const;
        }),
      ),
    })),
  );
}
