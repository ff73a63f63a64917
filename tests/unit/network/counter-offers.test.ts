import { afterEach, describe, expect, it } from 'vitest';
import { MIB } from '../../../src/core/limits.ts';
import { Scene } from './network-harness.ts';

let scene: Scene;
afterEach(() => {
  scene.close();
});

describe('a partner with less room than is asked for', () => {
  it('gives what it has by a counter-proposal, and both go by the same agreement', async () => {
    scene = new Scene('counter');
    // 256 MiB are asked for, so that small backups need no new agreement each.
    const [a, b] = await scene.parties(2, { offer: 100 * MIB });
    const partners = await scene.run(a!.open.ensurePartners(MIB));
    expect(partners).toHaveLength(1);
    const [seen] = b!.open.partners();
    expect(seen!.agreement).toEqual(partners[0]!.agreement);
    expect(seen!.agreement.proposer.device).toBe(b!.device);
    expect(seen!.agreement.proposer.gives).toBe(100 * MIB);
  });

  it('is left out when even that is not enough', async () => {
    scene = new Scene('too little');
    const [a, b] = await scene.parties(2, { offer: 100 * MIB });
    expect(await scene.run(a!.open.ensurePartners(120 * MIB))).toEqual([]);
    expect(b!.open.partners()).toEqual([]);
    // What was set aside for the counter-proposal is free again soon.
    await scene.pass(2 * 60_000);
    expect(b!.host.promised).toBe(0);
  });
});
