import { RoostError } from '../../core/errors.ts';
import { Limiter } from '../../core/limiter.ts';
import type { Ask } from '../../core/wire/asks.ts';
import { ANSWERS_MAX_BYTES } from '../../core/wire/limits.ts';

/**
 * What the answers of one session take in memory. How long a list will be shows only once it is there, so lists are made one after
 * another, each to the end before the next is begun, and audits are answered one after another beside them. At most there are
 * ANSWERS_MAX_BYTES that wait to be sent, one list being made (its records, and once more packed) and one audit's segments.
 * Single records are too small to count; a `get` never has more than a few segments at hand.
 */
export class AnswerRoom {
  readonly #lists = new Limiter(1);
  readonly #audits = new Limiter(1);
  #taken = 0;

  /** Has an answer made when it is its turn. */
  inTurn<T>({ kind }: Ask, make: () => Promise<T>): Promise<T> {
    switch (kind) {
      case 'agreements':
      case 'ledger':
      case 'heads':
      case 'roster':
      case 'reports':
      case 'partner-lists':
        return this.#lists.run(make);
      case 'audit-answer':
        return this.#audits.run(make);
      default:
        return make();
    }
  }

  /**
   * An answer is there and waits to be sent. Returns what is called once when it has left or was given up.
   * @throws RoostError 'busy' when it does not fit beside those that wait already
   */
  take(bytes: number): () => void {
    if (this.#taken + bytes > ANSWERS_MAX_BYTES) {
      throw new RoostError(
        'busy',
        `answers that wait must be at most ${ANSWERS_MAX_BYTES} bytes, got ${this.#taken} and ${bytes} more`,
      );
    }
    this.#taken += bytes;
    return () => {
      this.#taken -= bytes;
    };
  }
}
