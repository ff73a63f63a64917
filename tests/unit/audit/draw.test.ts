import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import type { AuditTerms } from '../../../src/core/audit/draw.ts';
import { auditCommit, auditTranscript, countSegments, drawSegments } from '../../../src/core/audit/draw.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { hex } from '../../../src/core/hex.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
} from '../../../src/core/ids.ts';
import { AUDIT_MAX_SEGMENTS } from '../../../src/core/wire/limits.ts';
import { patternBytes } from '../../contracts/expect-fault.ts';

const TERMS: AuditTerms = {
  cooperative: cooperativeIdFromBytes(patternBytes(32, 1)),
  owner: { device: deviceIdFromBytes(patternBytes(20, 2)), account: accountIdFromBytes(patternBytes(32, 3)) },
  holder: deviceIdFromBytes(patternBytes(20, 4)),
  agreement: agreementIdFromBytes(patternBytes(16, 5)),
  digest: patternBytes(32, 6),
  count: 7,
};
const CHANCES = { owner: patternBytes(32, 7), holder: patternBytes(32, 8) };

/** A ledger with holes whose shards have 1 to 160 segments. */
const ROWS = Array.from({ length: 50 }, (_, i) => ({ row: i * 3 + (i % 2), segments: ((i * 37) % 160) + 1 }));

const drawn = (
  terms: AuditTerms,
  chances = CHANCES,
  rows: readonly { row: number; segments: number }[] = ROWS,
) => drawSegments(terms, chances, rows).map(({ row, segment }) => `${row.row}:${segment}`);

describe('a draw', () => {
  it('is the same on both sides, whoever computes it', () => {
    expect(drawn(TERMS)).toEqual(drawn({ ...TERMS }, { ...CHANCES }, [...ROWS]));
    expect(drawn(TERMS)).toEqual(['138:28', '102:83', '82:24', '82:26', '64:103', '124:70', '4:3']);
  });

  it('is the one that PROTOCOL.md describes, computed here once more with another library', () => {
    const transcript = Buffer.concat([
      Buffer.from('roost/1/audit\0'),
      Buffer.from(TERMS.cooperative, 'hex'),
      Buffer.from(TERMS.owner.device, 'hex'),
      Buffer.from(TERMS.owner.account, 'hex'),
      Buffer.from(TERMS.holder, 'hex'),
      Buffer.from(TERMS.agreement, 'hex'),
      TERMS.digest,
      Buffer.from([0, 0, 0, TERMS.count]),
    ]);
    expect(hex(auditCommit(TERMS, CHANCES.owner))).toBe(
      createHash('sha256').update(CHANCES.owner).update(transcript).digest('hex'),
    );
    const both = Buffer.from(CHANCES.owner.map((byte, i) => byte ^ CHANCES.holder[i]!));
    const key = createHmac('sha256', both).update(transcript).digest();
    const names = ROWS.flatMap(({ row, segments }) =>
      Array.from({ length: segments }, (_, segment) => `${row}:${segment}`),
    );
    const expected = new Set<string>();
    for (let counter = 0; expected.size < TERMS.count; counter++) {
      const block = createHmac('sha256', key)
        .update(Buffer.from([0, 0, 0, counter]))
        .digest();
      for (let i = 0; i < 5 && expected.size < TERMS.count; i++) {
        const number = block.readUIntBE(i * 6, 6);
        if (number < 2 ** 48 - (2 ** 48 % names.length)) expected.add(names[number % names.length]!);
      }
    }
    expect(drawn(TERMS)).toEqual([...expected]);
  });

  it('depends on both chances and on every term, and so does the commitment', () => {
    const other = patternBytes(32, 99);
    const changed: AuditTerms[] = [
      { ...TERMS, cooperative: cooperativeIdFromBytes(other) },
      { ...TERMS, owner: { ...TERMS.owner, device: deviceIdFromBytes(other.subarray(0, 20)) } },
      { ...TERMS, owner: { ...TERMS.owner, account: accountIdFromBytes(other) } },
      { ...TERMS, holder: deviceIdFromBytes(other.subarray(0, 20)) },
      { ...TERMS, agreement: agreementIdFromBytes(other.subarray(0, 16)) },
      { ...TERMS, digest: other },
      { ...TERMS, count: 8 },
    ];
    const draws = new Set([
      drawn(TERMS).join(),
      drawn(TERMS, { ...CHANCES, owner: other }).join(),
      drawn(TERMS, { ...CHANCES, holder: other }).join(),
      ...changed.map((terms) => drawn(terms).slice(0, 7).join()),
    ]);
    expect(draws.size).toBe(3 + changed.length);
    const commits = new Set([
      hex(auditCommit(TERMS, CHANCES.owner)),
      hex(auditCommit(TERMS, other)),
      ...changed.map((terms) => hex(auditCommit(terms, CHANCES.owner))),
    ]);
    expect(commits.size).toBe(2 + changed.length);
    expect(new Set(changed.map((terms) => auditTranscript(terms).length))).toEqual(
      new Set([auditTranscript(TERMS).length]),
    );
  });

  it('names segments that are there, none twice, and all when the ledger has no more', () => {
    const all = countSegments(ROWS);
    for (const count of [1, 7, AUDIT_MAX_SEGMENTS]) {
      const names = drawn({ ...TERMS, count });
      expect(new Set(names).size).toBe(Math.min(count, all));
    }
    for (const { row, segment } of drawSegments({ ...TERMS, count: 64 }, CHANCES, ROWS)) {
      expect(ROWS).toContain(row);
      expect(segment).toBeGreaterThanOrEqual(0);
      expect(segment).toBeLessThan(row.segments);
    }
    const few = [
      { row: 4, segments: 2 },
      { row: 9, segments: 1 },
    ];
    expect(drawn({ ...TERMS, count: 64 }, CHANCES, few).sort()).toEqual(['4:0', '4:1', '9:0']);
    expect(drawn(TERMS, CHANCES, [])).toEqual([]);
  });

  it('refuses a ledger out of order, and chances, digests and counts out of bounds', () => {
    expect(() => drawn(TERMS, CHANCES, [...ROWS].reverse())).toThrow(RoostError);
    expect(() => drawn(TERMS, { ...CHANCES, owner: new Uint8Array(31) })).toThrow(RoostError);
    expect(() => drawn(TERMS, { ...CHANCES, holder: new Uint8Array(33) })).toThrow(RoostError);
    expect(() => auditCommit(TERMS, new Uint8Array(0))).toThrow(RoostError);
    for (const count of [0, 65, 1.5]) expect(() => drawn({ ...TERMS, count })).toThrow(RoostError);
    expect(() => drawn({ ...TERMS, digest: new Uint8Array(20) })).toThrow(RoostError);
  });

  it('is uniform: chi-square of 40,000 draws over 100 segments stays within its 0.1 % bounds', () => {
    const random = new SeededRandom('uniform');
    const rows = [
      { row: 0, segments: 1 },
      { row: 1, segments: 59 },
      { row: 2, segments: 40 },
    ];
    const starts = [0, 1, 60];
    const times = new Array<number>(100).fill(0);
    const firsts = new Array<number>(100).fill(0);
    const audits = 4000;
    for (let i = 0; i < audits; i++) {
      const chances = { owner: random.bytes(32), holder: random.bytes(32) };
      const places = drawSegments({ ...TERMS, count: 10 }, chances, rows).map(
        ({ row, segment }) => starts[row.row]! + segment,
      );
      for (const place of places) times[place]!++;
      firsts[places[0]!]!++;
    }
    const chiSquare = (counts: readonly number[], expected: number): number =>
      counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 99 degrees of freedom: 0.05 % of fair draws are below 57.6, 0.05 % above 151.9. Ten without repetition out of a hundred
    // vary by a tenth less than independent ones.
    expect(chiSquare(firsts, audits / 100)).toBeGreaterThan(57.6);
    expect(chiSquare(firsts, audits / 100)).toBeLessThan(151.9);
    expect(chiSquare(times, audits / 10) / 0.909).toBeGreaterThan(57.6);
    expect(chiSquare(times, audits / 10) / 0.909).toBeLessThan(151.9);
  });
});

describe('a holder that keeps only a part', () => {
  /** Share of 10,000 audits of the real draw that find it. */
  function foundShare(kept: number, count: number): number {
    const random = new SeededRandom(`keeps ${kept}`);
    const rows = Array.from({ length: 40 }, (_, row) => ({ row, segments: 10 }));
    const runs = 10_000;
    let found = 0;
    for (let run = 0; run < runs; run++) {
      const chances = { owner: random.bytes(32), holder: random.bytes(32) };
      // Which segments are missing is all the same, as nobody knows the draw before: here the last ones of each shard.
      const drawn = drawSegments({ ...TERMS, count }, chances, rows);
      if (drawn.some(({ segment }) => segment >= kept * 10)) found++;
    }
    return found / runs;
  }

  // 1 - d^c of independent draws; these are without repetition, which finds it sooner.
  for (const { kept, count } of [
    { kept: 0.5, count: 7 },
    { kept: 0.9, count: 44 },
  ]) {
    it(`of ${kept * 100} % is found by ${count} draws at least 99 times in 100`, () => {
      const share = foundShare(kept, count);
      expect(share, `found in ${share * 100} % of 10,000 audits`).toBeGreaterThanOrEqual(0.99);
      expect(share).toBeLessThan(1);
      console.info(`audits of ${count} draws find who keeps ${kept * 100} %: ${(share * 100).toFixed(2)} %`);
    });
  }
});
