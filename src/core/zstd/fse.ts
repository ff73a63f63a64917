import type { BackwardBits } from './backward-bits.ts';
import { corruptFrame } from './frame.ts';

/** Finite state entropy (RFC 8878, section 4.1): a table of states, each with its symbol and the way to the next state. */
export interface FseTable {
  /** the table has 2^log states */
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** The probability of a symbol that is rarer than one in all states. */
const LESS_THAN_ONE = -1;

export const firstState = (table: FseTable, bits: BackwardBits): number => bits.read(table.log);

export const nextState = (table: FseTable, state: number, bits: BackwardBits): number =>
  table.bases[state]! + bits.read(table.bits[state]!);

/** A table that gives one symbol for ever, without any bits. */
export function fseOfOne(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** @param probabilities of each symbol, in parts of 2^log; all of them together give 2^log */
export function fseTable(probabilities: readonly number[], log: number): FseTable {
  const size = 2 ** log;
  const [symbols, bits, bases] = [new Uint8Array(size), new Uint8Array(size), new Uint16Array(size)];
  const next = probabilities.map((probability) => Math.abs(probability));
  let high = size;
  probabilities.forEach((probability, symbol) => {
    if (probability === LESS_THAN_ONE) symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  probabilities.forEach((probability, symbol) => {
    for (let i = 0; i < probability; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  });
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state]!;
    const count = next[symbol]!++;
    bits[state] = log - floorLog2(count);
    bases[state] = (count << bits[state]!) - size;
  }
  return { log, symbols, bits, bases };
}

/**
 * Reads a table from its description.
 * @param end no byte from here on belongs to it
 * @returns the table, and where the bytes behind it begin
 * @throws RoostError 'corrupt'
 */
export function readFseTable(
  view: DataView,
  start: number,
  end: number,
  most: { readonly log: number; readonly symbol: number },
): { readonly table: FseTable; readonly next: number } {
  let bit = start * 8;
  const peek = (count: number): number => {
    if (bit >>> 3 >= end) throw corruptFrame(`must have a table that ends before ${end}, got more`);
    return (view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
  };
  const log = peek(4) + 5;
  bit += 4;
  if (log > most.log) throw corruptFrame(`must have tables of at most 2^${most.log} states, got 2^${log}`);
  const probabilities: number[] = [];
  let left = 2 ** log;
  while (left > 0) {
    const count = floorLog2(left + 1) + 1;
    const low = 2 ** (count - 1) - 1;
    const short = 2 ** count - 1 - (left + 1); // values below take one bit less
    let value = peek(count);
    if ((value & low) < short) {
      value &= low;
      bit += count - 1;
    } else {
      if (value > low) value -= short;
      bit += count;
    }
    const probability = value - 1;
    left -= Math.abs(probability);
    probabilities.push(probability);
    if (probability === 0) {
      for (let zeros = 3; zeros === 3;) {
        zeros = peek(2);
        bit += 2;
        for (let i = 0; i < zeros; i++) probabilities.push(0);
      }
    }
    if (probabilities.length > most.symbol + 1)
      throw corruptFrame(`must have at most ${most.symbol + 1} symbols in a table, got more`);
  }
  const next = (bit + 7) >>> 3;
  if (left < 0 || next > end) throw corruptFrame(`must have a table that ends before ${end}, got more`);
  return { table: fseTable(probabilities, log), next };
}

/** Of a positive number. */
export function floorLog2(value: number): number {
  return 31 - Math.clz32(value);
}
