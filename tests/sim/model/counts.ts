import { RoostError } from '../../../src/core/errors.ts';
import type { Members } from './members.ts';
import { DOOMED, MISSING, STRIDE } from './packs.ts';
import type { Packs } from './packs.ts';
import type { Pieces } from './pieces.ts';

/**
 * Counts all pieces anew: what packs and devices have noted must agree, and no device may hold two pieces of one pack.
 * @throws RoostError 'internal'
 */
export function checkCounts(members: Members, packs: Packs, pieces: Pieces): void {
  const held = new Int32Array(members.capacity);
  const { holder, state, n, exist, bad } = packs;
  for (let pack = 0; pack < packs.count; pack++) {
    if (n[pack] === 0) continue;
    let existing = 0;
    let gone = 0;
    const holders = new Set<number>();
    for (let slot = pack * STRIDE; slot < pack * STRIDE + n[pack]!; slot++) {
      const device = holder[slot]!;
      if (state[slot] === MISSING || state[slot] === DOOMED) gone++;
      if ((state[slot] === MISSING) !== device < 0) throw wrong(`holder of piece ${slot}`, device);
      if (device < 0) continue;
      if (pieces.exists(slot)) existing++;
      if (holders.has(device)) throw wrong(`pack ${pack} twice at a device`, device);
      holders.add(device);
      held[device]!++;
    }
    if (existing !== exist[pack]) throw wrong(`pieces of pack ${pack}, noted ${exist[pack]!}`, existing);
    if (gone !== bad[pack]) throw wrong(`bad pieces of pack ${pack}, noted ${bad[pack]!}`, gone);
  }
  for (let device = 0; device < held.length; device++) {
    const noted = members.held[device]!;
    if (held[device] !== noted) throw wrong(`pieces at device ${device}, noted ${noted}`, held[device]!);
  }
}

function wrong(what: string, got: number): RoostError {
  return new RoostError('internal', `the model counts wrong: ${what}, got ${got}`);
}
