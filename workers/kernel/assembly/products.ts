// AssemblyScript, compiled by `npm run kernel`: sums of products in GF(2^8), up to five outputs and two vectors at a time, so that every
// sum stays in a register and every source vector is loaded and split once for all outputs.
//
// A product of a constant and a byte is the sum of the products of its two nibbles, and sixteen products fit a vector: looking them up is
// a swizzle. With every index below 16 the relaxed swizzle is defined too, and spares processors the check of the index.

/** Bytes that one step takes of each source. */
const STEP: usize = 32;

@inline
function lookup(table: v128, index: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i8x16.relaxed_swizzle(table, index) : i8x16.swizzle(table, index);
}

// `width` is a constant where this is inlined: what belongs to further outputs falls away.
@inline
function sums(width: i32, length: usize, count: usize, tables: usize, sources: usize, outputs: usize): void {
  const nibble = i8x16.splat(15);
  const lastSource = sources + (count << 2);
  for (let at: usize = 0; at < length; at += STEP) {
    let a0 = i64x2.splat(0), a1 = i64x2.splat(0);
    let b0 = i64x2.splat(0), b1 = i64x2.splat(0);
    let c0 = i64x2.splat(0), c1 = i64x2.splat(0);
    let d0 = i64x2.splat(0), d1 = i64x2.splat(0);
    let e0 = i64x2.splat(0), e1 = i64x2.splat(0);
    let table = tables;
    for (let source = sources; source < lastSource; source += 4) {
      const from = <usize>load<u32>(source) + at;
      const x0 = v128.load(from), x1 = v128.load(from, 16);
      const low0 = v128.and(x0, nibble), low1 = v128.and(x1, nibble);
      const high0 = v128.and(i16x8.shr_u(x0, 4), nibble), high1 = v128.and(i16x8.shr_u(x1, 4), nibble);
      let products = v128.load(table);
      a0 = v128.xor(a0, lookup(products, low0));
      a1 = v128.xor(a1, lookup(products, low1));
      products = v128.load(table, 16);
      a0 = v128.xor(a0, lookup(products, high0));
      a1 = v128.xor(a1, lookup(products, high1));
      if (width > 1) {
        products = v128.load(table, 32);
        b0 = v128.xor(b0, lookup(products, low0));
        b1 = v128.xor(b1, lookup(products, low1));
        products = v128.load(table, 48);
        b0 = v128.xor(b0, lookup(products, high0));
        b1 = v128.xor(b1, lookup(products, high1));
      }
      if (width > 2) {
        products = v128.load(table, 64);
        c0 = v128.xor(c0, lookup(products, low0));
        c1 = v128.xor(c1, lookup(products, low1));
        products = v128.load(table, 80);
        c0 = v128.xor(c0, lookup(products, high0));
        c1 = v128.xor(c1, lookup(products, high1));
      }
      if (width > 3) {
        products = v128.load(table, 96);
        d0 = v128.xor(d0, lookup(products, low0));
        d1 = v128.xor(d1, lookup(products, low1));
        products = v128.load(table, 112);
        d0 = v128.xor(d0, lookup(products, high0));
        d1 = v128.xor(d1, lookup(products, high1));
      }
      if (width > 4) {
        products = v128.load(table, 128);
        e0 = v128.xor(e0, lookup(products, low0));
        e1 = v128.xor(e1, lookup(products, low1));
        products = v128.load(table, 144);
        e0 = v128.xor(e0, lookup(products, high0));
        e1 = v128.xor(e1, lookup(products, high1));
      }
      table += width << 5;
    }
    store2(outputs, 0, at, a0, a1);
    if (width > 1) store2(outputs, 1, at, b0, b1);
    if (width > 2) store2(outputs, 2, at, c0, c1);
    if (width > 3) store2(outputs, 3, at, d0, d1);
    if (width > 4) store2(outputs, 4, at, e0, e1);
  }
}

@inline
function store2(outputs: usize, index: usize, at: usize, first: v128, second: v128): void {
  const to = <usize>load<u32>(outputs + (index << 2)) + at;
  v128.store(to, first);
  v128.store(to, second, 16);
}

// output[p] = sum over j of coefficient[p][j] * source[j]
//   length: bytes of each source and output, a multiple of STEP
//   tables: for each source and each output 32 bytes, the products with the low nibbles and with the high ones
//   sources, outputs: addresses, 32 bits each
export function sums1(length: usize, count: usize, tables: usize, sources: usize, outputs: usize): void {
  sums(1, length, count, tables, sources, outputs);
}
export function sums2(length: usize, count: usize, tables: usize, sources: usize, outputs: usize): void {
  sums(2, length, count, tables, sources, outputs);
}
export function sums3(length: usize, count: usize, tables: usize, sources: usize, outputs: usize): void {
  sums(3, length, count, tables, sources, outputs);
}
export function sums4(length: usize, count: usize, tables: usize, sources: usize, outputs: usize): void {
  sums(4, length, count, tables, sources, outputs);
}
export function sums5(length: usize, count: usize, tables: usize, sources: usize, outputs: usize): void {
  sums(5, length, count, tables, sources, outputs);
}
