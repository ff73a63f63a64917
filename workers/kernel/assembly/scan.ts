// AssemblyScript, compiled by `npm run kernel`: the hash of src/core/chunk/cut.ts over the bytes of a window.

@inline
function next(hash: u32, gear: usize, at: usize): u32 {
  return (hash << 1) + load<u32>(gear + (<usize>load<u8>(at) << 2));
}

// The number of bytes up to and with the first at which `hash & mask` is 0, or 0 when there is none.
//   gear: 256 words of 32 bits
//   state: the hash before the first byte, and after the last when there is no cut
export function scan(start: usize, length: usize, gear: usize, state: usize, mask: u32): usize {
  let hash = load<u32>(state);
  const end = start + length;
  const lastFour = start + (length & ~3);
  let at = start;
  // Each step waits for the hash before it: four to a turn leave the loop's own work out of that chain.
  for (; at < lastFour; at += 4) {
    hash = next(hash, gear, at);
    if (!(hash & mask)) return at + 1 - start;
    hash = next(hash, gear, at + 1);
    if (!(hash & mask)) return at + 2 - start;
    hash = next(hash, gear, at + 2);
    if (!(hash & mask)) return at + 3 - start;
    hash = next(hash, gear, at + 3);
    if (!(hash & mask)) return at + 4 - start;
  }
  for (; at < end; at++) {
    hash = next(hash, gear, at);
    if (!(hash & mask)) return at + 1 - start;
  }
  store<u32>(state, hash);
  return 0;
}
