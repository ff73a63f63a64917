import { BackwardBits } from './backward-bits.ts';
import { corruptFrame } from './frame.ts';
import type { FseTable } from './fse.ts';
import { firstState, fseOfOne, fseTable, nextState, readFseTable } from './fse.ts';

/** The sequences of a compressed block (RFC 8878, section 3.1.1.3.2): literals to copy, then a match to copy from before. */

/** Tables and offsets that a later block may use again. */
export interface SequenceState {
  tables: readonly [FseTable, FseTable, FseTable] | undefined; // literal lengths, offsets, match lengths
  offsets: [number, number, number];
}

/** As a frame begins. */
export const newSequenceState = (): SequenceState => ({ tables: undefined, offsets: [1, 4, 8] });

// Codes for lengths: code 16 of literals and 32 of matches are the first with extra bits.
const LITERAL_BITS = [...zeros(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BITS = [...zeros(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LITERAL_BASES = bases(LITERAL_BITS, 0);
const MATCH_BASES = bases(MATCH_BITS, 3);
/** A match cannot reach further back than a bundle is long, nor can a window: 2^20. */
const OFFSET_MAX_CODE = 20;

interface Field {
  readonly most: { readonly log: number; readonly symbol: number };
  readonly predefined: FseTable;
}
const LITERAL_LENGTHS: Field = {
  most: { log: 9, symbol: 35 },
  predefined: fseTable(
    [
      4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1,
      -1, -1,
    ],
    6,
  ),
};
const OFFSETS: Field = {
  most: { log: 8, symbol: 31 },
  predefined: fseTable(
    [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
    5,
  ),
};
const MATCH_LENGTHS: Field = {
  most: { log: 9, symbol: 52 },
  predefined: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
};
const [PREDEFINED, ONE_SYMBOL, DESCRIBED] = [0, 1, 2]; // and 3: that of the block before

/**
 * Writes what a block gives: its sequences, then the literals left over.
 * @param out of the whole frame; matches reach back into it
 * @param limit where the block must stop at the latest
 * @returns where it stopped
 * @throws RoostError 'corrupt'
 */
export function playSequences(
  view: DataView,
  range: { readonly start: number; readonly end: number },
  literals: Uint8Array,
  state: SequenceState,
  out: Uint8Array,
  start: number,
  limit: number,
): number {
  const { count, next } = readCount(view, range.start, range.end);
  let at = start;
  let literal = 0;
  if (count > 0) {
    const { tables, next: streamStart } = readTables(view, next, range.end, state.tables);
    state.tables = tables;
    const [literalTable, offsetTable, matchTable] = tables;
    const bits = new BackwardBits(view, streamStart, range.end);
    let literalState = firstState(literalTable, bits);
    let offsetState = firstState(offsetTable, bits);
    let matchState = firstState(matchTable, bits);
    for (let left = count; left > 0; left--) {
      const offsetCode = offsetTable.symbols[offsetState]!;
      if (offsetCode > OFFSET_MAX_CODE)
        throw corruptFrame(`must have offsets below 2^${OFFSET_MAX_CODE + 1}, got 2^${offsetCode}`);
      const value = 2 ** offsetCode + bits.read(offsetCode);
      const matchCode = matchTable.symbols[matchState]!;
      const matchLength = MATCH_BASES[matchCode]! + bits.read(MATCH_BITS[matchCode]!);
      const literalCode = literalTable.symbols[literalState]!;
      const literalLength = LITERAL_BASES[literalCode]! + bits.read(LITERAL_BITS[literalCode]!);
      const offset = takeOffset(state.offsets, value, literalLength);

      const matchAt = at + literalLength;
      const end = matchAt + matchLength;
      if (literal + literalLength > literals.length)
        throw corruptFrame(`must use at most ${literals.length} literals in a block, got more`);
      if (end > limit) throw corruptFrame(`must give at most ${limit} bytes so far, got ${end}`);
      if (offset < 1 || offset > matchAt)
        throw corruptFrame(`must not reach back more than ${matchAt} bytes, got ${offset}`);
      copy(literals, literal, out, at, literalLength);
      literal += literalLength;
      repeat(out, matchAt, end, offset);
      at = end;
      if (left > 1) {
        literalState = nextState(literalTable, literalState, bits);
        matchState = nextState(matchTable, matchState, bits);
        offsetState = nextState(offsetTable, offsetState, bits);
      }
    }
    if (bits.left !== 0) throw corruptFrame(`must use up its sequences, got ${bits.left} bits more`);
  } else if (next !== range.end) {
    throw corruptFrame(`must end a block without sequences at ${next}, got ${range.end}`);
  }
  const rest = literals.length - literal;
  if (at + rest > limit) throw corruptFrame(`must give at most ${limit} bytes so far, got ${at + rest}`);
  out.set(literals.subarray(literal), at);
  return at + rest;
}

function readCount(
  view: DataView,
  start: number,
  end: number,
): { readonly count: number; readonly next: number } {
  const first = start < end ? view.getUint8(start) : 0;
  const bytes = first < 128 ? 1 : first < 255 ? 2 : 3;
  const next = start + bytes;
  if (next > end) throw corruptFrame(`must have a number of sequences before ${end}, got none`);
  if (bytes === 1) return { count: first, next };
  if (bytes === 2) return { count: ((first - 128) << 8) + view.getUint8(start + 1), next };
  return { count: view.getUint16(start + 1, true) + 0x7f00, next };
}

function readTables(
  view: DataView,
  start: number,
  end: number,
  known: SequenceState['tables'],
): { readonly tables: [FseTable, FseTable, FseTable]; readonly next: number } {
  const modes = start < end ? view.getUint8(start) : 3;
  if ((modes & 3) !== 0) throw corruptFrame(`must have 0 in the low bits of its modes, got ${modes & 3}`);
  let at = start + 1;
  const table = (field: Field, mode: number, before: FseTable | undefined): FseTable => {
    if (mode === PREDEFINED) return field.predefined;
    if (mode === ONE_SYMBOL) {
      const symbol = at < end ? view.getUint8(at++) : 255;
      if (symbol > field.most.symbol)
        throw corruptFrame(`must have symbols up to ${field.most.symbol}, got ${symbol}`);
      return fseOfOne(symbol);
    }
    if (mode === DESCRIBED) {
      const described = readFseTable(view, at, end, field.most);
      at = described.next;
      return described.table;
    }
    if (before === undefined) throw corruptFrame('must have a table for its sequences, got none');
    return before;
  };
  const literals = table(LITERAL_LENGTHS, modes >> 6, known?.[0]);
  const offsets = table(OFFSETS, (modes >> 4) & 3, known?.[1]);
  const matches = table(MATCH_LENGTHS, (modes >> 2) & 3, known?.[2]);
  return { tables: [literals, offsets, matches], next: at };
}

/** Values 1 to 3 name one of the last three offsets; without literals the first of them would be no use, so they name the next. */
function takeOffset(offsets: [number, number, number], value: number, literalLength: number): number {
  const [first, second, third] = offsets;
  const which = value > 3 ? 4 : value + (literalLength === 0 ? 1 : 0);
  if (value > 3) {
    offsets[0] = value - 3;
  } else if (which === 1) {
    return first;
  } else if (which === 2) {
    offsets[0] = second;
    offsets[1] = first;
    return second;
  } else {
    offsets[0] = which === 3 ? third : first - 1;
  }
  offsets[1] = first;
  offsets[2] = second;
  return offsets[0];
}

/** For runs this long the call costs less than the loop. */
const CALL_PAYS_BYTES = 64;

function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  if (length >= CALL_PAYS_BYTES) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

/** Writes from `at` to `end` what lies `offset` before, which may be what this very call has written. */
function repeat(out: Uint8Array, at: number, end: number, offset: number): void {
  if (end - at >= CALL_PAYS_BYTES && offset >= end - at) out.copyWithin(at, at - offset, end - offset);
  else for (let to = at; to < end; to++) out[to] = out[to - offset]!;
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

function bases(bits: readonly number[], first: number): Uint32Array {
  const all = new Uint32Array(bits.length);
  let next = first;
  bits.forEach((count, code) => {
    all[code] = next;
    next += 2 ** count;
  });
  return all;
}
