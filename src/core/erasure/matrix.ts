import { RoostError } from '../errors.ts';
import { inverse, multiply } from './galois.ts';

/** Rows of coefficients over GF(2^8). */
export type Matrix = readonly Uint8Array[];

/** Row `row` of the identity of size `m`. */
export function unitRow(m: number, row: number): Uint8Array {
  const unit = new Uint8Array(m);
  unit[row] = 1;
  return unit;
}

/** The parity row of shard `i` (m ≤ i): 1 / (i xor j) for each data shard `j`, as ISA-L's gf_gen_cauchy1_matrix. */
export function cauchyRow(m: number, i: number): Uint8Array {
  return Uint8Array.from({ length: m }, (_, j) => inverse(i ^ j));
}

/** A row times a matrix. */
export function multiplyRow(row: Uint8Array, matrix: Matrix): Uint8Array {
  const product = new Uint8Array(matrix[0]?.length ?? 0);
  row.forEach((factor, i) => {
    matrix[i]!.forEach((value, j) => (product[j]! ^= multiply(factor, value)));
  });
  return product;
}

/** Gauss and Jordan. @throws RoostError 'internal' when singular, which no choice of rows of our codes is */
export function invert(matrix: Matrix): Matrix {
  const size = matrix.length;
  const work = matrix.map((row, i) => Uint8Array.from([...row, ...unitRow(size, i)]));
  for (let column = 0; column < size; column++) {
    let pivot = column;
    while (pivot < size && work[pivot]![column] === 0) pivot++;
    if (pivot === size) throw new RoostError('internal', `matrix of ${size} rows is singular`);
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    const row = work[column]!;
    const scale = inverse(row[column]!);
    for (let j = 0; j < row.length; j++) row[j] = multiply(row[j]!, scale);
    for (const other of work) {
      const factor = other[column]!;
      if (other === row || factor === 0) continue;
      for (let j = 0; j < row.length; j++) other[j]! ^= multiply(factor, row[j]!);
    }
  }
  return work.map((row) => row.slice(size));
}
