import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Code } from '../../../src/core/erasure/codes.ts';
import { totalShards } from '../../../src/core/erasure/codes.ts';
import { assignShards } from '../../../src/core/placement/assign.ts';
import { placementBreach, placementRisks } from '../../../src/core/placement/domains.ts';
import type { PlacementPartner } from '../../../src/core/placement/domains.ts';
import { alike, choices, withDomains } from './samples.ts';

const reedSolomon = (m: number, k: number): Code => ({ name: 'reed-solomon', m, k });

const ids = (partners: readonly PlacementPartner[]): string[] => partners.map(({ id }) => id).sort();

const crowd = (maxLength: number): fc.Arbitrary<PlacementPartner[]> =>
  fc
    .array(
      fc.record({
        account: fc.nat(6),
        family: fc.nat(2),
        place: fc.nat(3),
        inviter: fc.nat(3),
        exempt: fc.boolean(),
        lossPerYear: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 2, maxLength },
    )
    .map((list) =>
      list.map(({ account, family, place, inviter, exempt, lossPerYear }, i) => ({
        id: `device-${i}`,
        odds: { availability: 0.5, lossPerYear },
        domains: [`account:${account}`, `family:${family}`, `place:${place}`, `inviter:${inviter}`],
        exempt,
      })),
    );

describe('the holders of a pack', () => {
  it('break caps no more than the best of all choices, and not at all where one choice keeps them', () => {
    fc.assert(
      fc.property(crowd(8), fc.nat(), fc.nat(), fc.nat(50), (partners, shards, parity, turn) => {
        const n = 2 + (shards % (partners.length - 1));
        const k = 1 + (parity % (n - 1));
        const code = reedSolomon(n - k, k);
        let least = Infinity;
        for (const choice of choices(partners.length, n)) {
          least = Math.min(
            least,
            placementBreach(
              choice.map((i) => partners[i]!),
              code,
            ),
          );
        }
        const { chosen, risks } = assignShards(partners, code, turn);
        expect(placementBreach(chosen, code)).toBe(least);
        expect(risks.length === 0).toBe(least === 0);
      }),
      { numRuns: 300 },
    );
  });

  it('are n distinct partners, the others are spares, and the same again for the same turn', () => {
    fc.assert(
      fc.property(crowd(30), fc.nat(23), fc.nat(1000), (partners, shards, turn) => {
        const n = 2 + (shards % (Math.min(24, partners.length) - 1));
        const code = reedSolomon(n - 1, 1);
        const found = assignShards(partners, code, turn);
        expect(found.chosen).toHaveLength(totalShards(code));
        expect(ids([...found.chosen, ...found.spares])).toEqual(ids(partners));
        expect(assignShards(partners, code, turn)).toEqual(found);
        expect(found.risks).toEqual(placementRisks(found.chosen, code));
      }),
    );
  });

  it('keep the caps among many partners when they can be kept', () => {
    // 24 partners in 4 families, 6 places and 8 inviters' subtrees; 8 + 8 may have 4 of each.
    const partners = withDomains(
      ...Array.from({ length: 24 }, (_, i) => [
        `account:${i}`,
        `family:${i % 4}`,
        `place:${i % 6}`,
        `inviter:${i % 8}`,
      ]),
    );
    for (let turn = 0; turn < 24; turn++) {
      expect(assignShards(partners, reedSolomon(8, 8), turn).risks).toEqual([]);
    }
  });

  it('serve all partners alike where nothing is capped', () => {
    const partners = alike(40);
    const served = new Map<string, number>();
    for (let turn = 0; turn < 40; turn++) {
      for (const { id } of assignShards(partners, reedSolomon(9, 4), turn).chosen) {
        served.set(id, (served.get(id) ?? 0) + 1);
      }
    }
    expect([...served.values()]).toEqual(new Array<number>(40).fill(13));
  });

  it('are of distinct accounts before anything else', () => {
    const partners = withDomains(
      ['account:a', 'family:x'],
      ['account:a', 'family:y'],
      ['account:b', 'family:z'],
      ['account:c', 'family:z'],
      ['account:d', 'family:z'],
    );
    const { risks } = assignShards(partners, reedSolomon(2, 2), 0);
    expect(risks).toEqual([{ kind: 'domain', domain: 'family:z', shards: 3, cap: 1 }]);
  });

  it('name each cap that cannot be kept, the worst first', () => {
    const partners = withDomains(
      ['account:a', 'family:x', 'computer:'],
      ['account:a', 'family:x', 'computer:'],
      ['account:b', 'family:y', 'computer:'],
      ['account:c', 'family:y', 'computer:'],
    );
    expect(assignShards(partners, reedSolomon(2, 2), 0).risks).toEqual([
      { kind: 'domain', domain: 'computer:', shards: 4, cap: 1 },
      { kind: 'account', domain: 'account:a', shards: 2, cap: 1 },
      { kind: 'domain', domain: 'family:x', shards: 2, cap: 1 },
      { kind: 'domain', domain: 'family:y', shards: 2, cap: 1 },
    ]);
  });

  it('may be appliances of one family and place, but not of one account', () => {
    const appliances = withDomains(
      ['account:a', 'family:nodejs', 'place:1'],
      ['account:b', 'family:nodejs', 'place:1'],
      ['account:b', 'family:nodejs', 'place:1'],
    ).map((partner) => ({ ...partner, exempt: true }));
    expect(assignShards(appliances, { name: 'mirror', m: 1, k: 1 }, 0).risks).toEqual([]);
    expect(assignShards(appliances, { name: 'mirror', m: 1, k: 2 }, 0).risks).toEqual([
      { kind: 'account', domain: 'account:b', shards: 2, cap: 1 },
    ]);
  });

  it('may not all be appliances of one inviter: whoever lets them in can call them what they like', () => {
    const guests = withDomains(
      ['account:a', 'inviter:x'],
      ['account:b', 'inviter:x'],
      ['account:c', 'inviter:x'],
    ).map((partner) => ({ ...partner, exempt: true }));
    expect(assignShards(guests, { name: 'mirror', m: 1, k: 2 }, 0).risks).toEqual([
      { kind: 'domain', domain: 'inviter:x', shards: 3, cap: 1 },
    ]);
  });

  it('are all there are when they are fewer than shards', () => {
    const { chosen, spares } = assignShards(alike(3), reedSolomon(2, 4), 1);
    expect(new Set(chosen.map(({ id }) => id)).size).toBe(3);
    expect(spares).toEqual([]);
  });

  it('are refused when two have one id', () => {
    expect(() => assignShards([...alike(3), ...alike(1)], reedSolomon(2, 2), 0)).toThrow(
      expect.objectContaining({ fault: 'usage' }),
    );
  });
});
