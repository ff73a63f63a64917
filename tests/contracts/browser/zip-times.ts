/** The UTC times of the entries of an archive in nanoseconds, by path, from the 0x5455 fields of its directory. */
export function zipTimes(bytes: Uint8Array<ArrayBuffer>): Map<string, bigint> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const times = new Map<string, bigint>();
  const end = bytes.length - 22;
  let at = view.getUint32(end + 16, true);
  const entries = view.getUint16(end + 10, true);
  if (at === 0xffff_ffff || entries === 0xffff) return times;
  for (let i = 0; i < entries; i++) {
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const extra = at + 46 + nameLength;
    for (let field = extra; field < extra + extraLength; field += 4 + view.getUint16(field + 2, true)) {
      if (view.getUint16(field, true) !== 0x5455) continue;
      times.set(name.replace(/\/$/, ''), BigInt(view.getInt32(field + 5, true)) * 1_000_000_000n);
    }
    at = extra + extraLength;
  }
  return times;
}
