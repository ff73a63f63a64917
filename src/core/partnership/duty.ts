import type { Bytes } from '../bytes.ts';
import type { CryptoSuite, Signer } from '../crypto/suite.ts';
import type { Code } from '../erasure/codes.ts';
import { formatCode, parseCode } from '../erasure/codes.ts';
import type { PackId } from '../ids.ts';
import { idBytes, packIdFromBytes } from '../ids.ts';
import { PACK_MAX_BYTES, SEGMENT_BYTES } from '../limits.ts';
import type { Item } from '../schema.ts';
import { DUTY_MAX_BYTES, DUTY_MAX_PARTS, DUTY_PART_MAX_PACKS } from '../wire/limits.ts';
import type { Authorship, CertifiedFields, CertifiedKind } from './certified.ts';
import { makeCertified, readCertified } from './certified.ts';

const KIND: CertifiedKind = { label: 'roost/1/duty', what: 'duty', maxBytes: DUTY_MAX_BYTES };
/** The longest is `reed-solomon:254+1`. */
const CODE_MAX_BYTES = 24;

/** What repairing a pack needs to know of it beside the key of its shards. */
export interface DutyPack {
  readonly packId: PackId;
  readonly code: Code;
  readonly shardBytes: number;
}

interface DutyFields {
  /** this part, from 0, of so many that were written at the same time */
  readonly part: number;
  readonly parts: number;
  /** at most DUTY_PART_MAX_PACKS */
  readonly packs: readonly DutyPack[];
}

/** One part of the table of an owner's packs, for another device of its account that repairs while the owner is away. Holds no keys. */
export type Duty = DutyFields & Authorship;

/** Signs all parts of a duty, at least one. @throws RoostError as makeCertified; 'malformed' beyond DUTY_MAX_PARTS parts */
export async function makeDuty(
  suite: CryptoSuite,
  signer: Signer,
  fields: { readonly packs: readonly DutyPack[] } & CertifiedFields,
): Promise<readonly Bytes[]> {
  const { packs } = fields;
  const parts = Math.max(1, Math.ceil(packs.length / DUTY_PART_MAX_PACKS));
  const signed: Bytes[] = [];
  for (let part = 0; part < parts; part++) {
    const those = packs.slice(part * DUTY_PART_MAX_PACKS, (part + 1) * DUTY_PART_MAX_PACKS);
    const body = {
      part,
      parts,
      packs: those.map(({ packId, code, shardBytes }) => [idBytes(packId), formatCode(code), shardBytes]),
    };
    signed.push(await makeCertified(suite, signer, KIND, fields, body, verifyDuty));
  }
  return signed;
}

/** Reads and verifies one part. @throws RoostError 'malformed' | 'corrupt' | 'refused' */
export function verifyDuty(suite: CryptoSuite, bytes: Bytes): Promise<Duty> {
  return readCertified(suite, KIND, bytes, (field) => {
    const parts = field('parts').uint(DUTY_MAX_PARTS, 1);
    return {
      parts,
      part: field('part').uint(parts - 1),
      packs: field('packs').list(DUTY_PART_MAX_PACKS, (item) => {
        const at = item.tuple(3);
        return {
          packId: at(0).id(packIdFromBytes),
          code: readCodeText(at(1)),
          shardBytes: at(2).uint(PACK_MAX_BYTES + SEGMENT_BYTES, 1),
        };
      }),
    };
  });
}

function readCodeText(item: Item): Code {
  const text = item.text(CODE_MAX_BYTES);
  let code: Code;
  try {
    code = parseCode(text);
  } catch (cause) {
    throw item.not('a code such as reed-solomon:6+3', cause);
  }
  // One spelling for each code.
  if (formatCode(code) !== text) throw item.not(`"${formatCode(code)}"`);
  return code;
}
