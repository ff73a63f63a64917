import type { Bytes } from '../../core/bytes.ts';
import type { AgreementId } from '../../core/ids.ts';
import type { Repository } from '../repository/repository.ts';

/** An audit whose chance the holder has heard, and whose answer has not come. */
export interface PendingReveal {
  /** our chance, revealed */
  readonly chance: Bytes;
  readonly holderChance: Bytes;
  /** digest of the ledger that the blocks were drawn from */
  readonly digest: Bytes;
  readonly count: number;
}

const key = (agreement: AgreementId): string => `reveal/${agreement}`;

/** Kept durably before the reveal is sent, so that the same blocks are asked for however often either side restarts. */
export class PendingReveals {
  readonly #repository: Repository;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** A damaged record counts as none: new blocks are drawn then. */
  async get(agreement: AgreementId): Promise<PendingReveal | undefined> {
    const value = await this.#repository.state(key(agreement));
    if (!Array.isArray(value)) return undefined;
    const [chance, holderChance, digest, count] = value as unknown[];
    const whole =
      chance instanceof Uint8Array &&
      holderChance instanceof Uint8Array &&
      digest instanceof Uint8Array &&
      typeof count === 'number';
    return whole
      ? { chance: chance.slice(), holderChance: holderChance.slice(), digest: digest.slice(), count }
      : undefined;
  }

  async put(agreement: AgreementId, { chance, holderChance, digest, count }: PendingReveal): Promise<void> {
    const { operations } = this.#repository;
    await this.#repository.apply([operations.state(key(agreement), [chance, holderChance, digest, count])]);
  }

  async drop(agreement: AgreementId): Promise<void> {
    await this.#repository.apply([this.#repository.operations.state(key(agreement), 0)]);
  }
}
