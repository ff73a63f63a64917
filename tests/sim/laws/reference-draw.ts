import { createHash, createHmac } from 'node:crypto';
import type { AuditTerms } from '../../../src/core/audit/draw.ts';
import { idBytes } from '../../../src/core/ids.ts';

/** Commitment and draw of an audit once more, from PROTOCOL.md alone: what both sides get wrong alike shows here. */

function transcript({ cooperative, owner, holder, agreement, digest, count }: AuditTerms): Buffer {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(count);
  return Buffer.concat([
    Buffer.from('roost/1/audit\0'),
    idBytes(cooperative),
    idBytes(owner.device),
    idBytes(owner.account),
    idBytes(holder),
    idBytes(agreement),
    digest,
    number,
  ]);
}

export function referenceCommit(terms: AuditTerms, chance: Uint8Array): Buffer {
  return createHash('sha256').update(chance).update(transcript(terms)).digest();
}

/** The drawn places among all segments of the ledger, in the order of the draw. */
export function referenceDraw(
  terms: AuditTerms,
  chances: { readonly owner: Uint8Array; readonly holder: Uint8Array },
  segments: number,
): readonly number[] {
  const both = chances.owner.map((byte, i) => byte ^ chances.holder[i]!);
  const key = createHmac('sha256', both).update(transcript(terms)).digest();
  const fair = 2 ** 48 - (2 ** 48 % segments);
  const places: number[] = [];
  for (let counter = 0; places.length < Math.min(terms.count, segments); counter++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const block = createHmac('sha256', key).update(number).digest();
    for (let i = 0; i < 5 && places.length < Math.min(terms.count, segments); i++) {
      const drawn = block.readUIntBE(6 * i, 6);
      const place = drawn % segments;
      if (drawn < fair && !places.includes(place)) places.push(place);
    }
  }
  return places;
}
