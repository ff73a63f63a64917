import type { Bytes } from '../core/bytes.ts';

/** Chance, injected: cryptographically strong on real platforms, seeded in the simulator. */
export interface Random {
  bytes(length: number): Bytes;
  /** uniform in [0, 1) */
  fraction(): number;
}
