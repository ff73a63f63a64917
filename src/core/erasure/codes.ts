/** How a pack is spread: `m` data shards and `k` parity shards, any `m` of which bring it back. */
export interface Code {
  readonly name: CodeName;
  readonly m: number;
  readonly k: number;
}

/** reed-solomon: m ≥ 1, k ≥ 1; parity: k = 1 (XOR); mirror: m = 1 (k + 1 copies); stripe: k = 0. */
export type CodeName = 'reed-solomon' | 'parity' | 'mirror' | 'stripe';
