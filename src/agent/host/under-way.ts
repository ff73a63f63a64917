import type { AgreementId } from '../../core/ids.ts';
import type { Usage } from './totals.ts';

const NOTHING: Usage = { rows: 0, bytes: 0 };

/** What puts will take once they are done, set aside from their beginning on: many at once pass no limit together. */
export class UnderWay {
  readonly #agreements = new Map<AgreementId, Usage>();
  #bytes = 0;

  /** bytes of all puts under way */
  get bytes(): number {
    return this.#bytes;
  }

  of(agreement: AgreementId): Usage {
    return this.#agreements.get(agreement) ?? NOTHING;
  }

  /** A put begins. Returns what is called once when it is over, kept or not. */
  begin(agreement: AgreementId, bytes: number): () => void {
    this.#count(agreement, 1, bytes);
    return () => {
      this.#count(agreement, -1, -bytes);
    };
  }

  #count(agreement: AgreementId, rows: number, bytes: number): void {
    this.#bytes += bytes;
    const before = this.of(agreement);
    const after = { rows: before.rows + rows, bytes: before.bytes + bytes };
    if (after.rows === 0) this.#agreements.delete(agreement);
    else this.#agreements.set(agreement, after);
  }
}
