import { createHash } from 'node:crypto';
import type { Remote } from '../../../src/agent/session/types.ts';
import { concatBytes } from '../../../src/core/bytes.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import type { DeviceTap } from '../../../src/adapters/memory/memory-network.ts';
import { encodeMessage } from '../../../src/core/wire/messages.ts';
import { changed } from './freeloader.ts';
import { liarTap } from './liar-tap.ts';
import { madeUpRow } from './raw-session.ts';

const nameOf = (bytes: Bytes): string => createHash('sha256').update(bytes).digest('hex');

/** Where a segment lies at the holder that really keeps it. */
interface Elsewhere {
  readonly row: number;
  readonly segment: number;
}

/**
 * Keeps nothing: leaves every piece it is given with another holder as if it were its own backup, and reads from there what an audit
 * draws. `session` connects to that holder, as another account.
 */
export class Relayer {
  readonly #session: () => Promise<Remote>;
  readonly #agreement: AgreementId;
  readonly #places = new Map<string, Elsewhere>();
  #rows = 0;
  #work: Promise<void> = Promise.resolve();
  readonly counts = { stored: 0, relayed: 0, refused: 0, relayedBytes: 0 };

  constructor(session: () => Promise<Remote>, agreement: AgreementId) {
    this.#session = session;
    this.#agreement = agreement;
  }

  /** @param wrap sends what the tap made in the device's place */
  tap(): DeviceTap {
    const inner = liarTap({
      brought: ({ ask, items }) => {
        if (ask.kind === 'put' && items.length === ask.row.segments) this.#store([...items]);
      },
    });
    // Items of answers are fetched first, and go out in their order.
    const outer = (bytes: Bytes, passage: Parameters<DeviceTap>[1]): Bytes | undefined => {
      const passed = inner(bytes, passage);
      return passed;
    };
    const answers = liarTap({
      shown: (_request, item) => item,
    });
    void answers;
    void encodeMessage;
    void changed;
    return outer;
  }

  #store(items: readonly Bytes[]): void {
    const row = ++this.#rows;
    for (const [segment, item] of items.entries()) this.#places.set(nameOf(item), { row, segment });
    this.#work = this.#work.then(async () => {
      const sealed = concatBytes(...items);
      const remote = await this.#session();
      await remote.put(this.#agreement, madeUpRow(row, 'x' as never, sealed), sealed);
      this.counts.stored++;
    });
  }
}
