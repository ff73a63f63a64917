import { afterEach, describe, expect, it } from 'vitest';
import { MIB } from '../../../src/core/limits.ts';
import { expectBytes, expectFault } from '../../contracts/expect-fault.ts';
import { segmentsOf, shard } from '../host/store-harness.ts';
import { Scene } from './network-harness.ts';

let scene: Scene;
const play = (seed: string): Scene => (scene = new Scene(seed));
afterEach(() => scene.close());

describe('a holder that crashes at any write of agreeing and storing', () => {
  it('knows every agreement it signed and every shard it acknowledged', async () => {
    let crashes = 0;
    for (let n = 1; ; n++) {
      play(`holder crash ${n}`);
      const [owner, holder] = await scene.parties(2);
      await scene.run(owner!.open.session(holder!.device));
      holder!.machine.disk.crashAt(n);
      const one = shard(1, 150_000);
      const acknowledged = await scene
        .run(
          owner!.open.ensurePartners(MIB).then(async ([partner]) => {
            if (partner === undefined) return undefined;
            const remote = await owner!.open.session(partner.device);
            await remote.put(partner.agreement.id, one.row, one.sealed);
            return partner;
          }),
        )
        .catch(() => undefined);
      const crashed = holder!.machine.disk.crashed;
      holder!.machine.disk.crashAt(undefined);
      if (crashed) {
        crashes++;
        await scene.restart(holder!);
      }
      await scene.until(() => owner!.open.connected().length > 0 || owner!.open.partners().length === 0);
      const [partner] = await scene.run(owner!.open.ensurePartners(MIB));
      expect(partner, `crash ${n}`).toMatchObject({ device: holder!.device, state: 'active' });
      if (acknowledged) expect(partner!.agreement.id).toBe(acknowledged.agreement.id);
      const remote = await scene.run(owner!.open.session(holder!.device));
      if (!acknowledged) await scene.run(remote.put(partner!.agreement.id, one.row, one.sealed));
      const segments = await scene.run(remote.get(partner!.agreement.id, 1, 0, one.row.segments));
      for (const [index, segment] of segmentsOf(one.sealed).entries()) expectBytes(segments[index], segment);
      scene.close();
      if (!crashed) break;
    }
    expect(crashes).toBeGreaterThan(8);
  });
});

describe('a session', () => {
  it('to a device that crashed without a word is replaced by its next call', async () => {
    play('stale');
    const [a, b] = await scene.parties(2);
    await scene.run(a!.open.ensurePartners(MIB));
    scene.world.network.failAfterMs = 600_000;
    await scene.pass(30_000);
    const again = await scene.restart(b!);
    await scene.until(() => again.open.connected().length === 1);
    const remote = await scene.run(again.open.session(a!.device));
    await scene.run(remote.agreements());
    await scene.pass(30_000);
    const back = await scene.run(a!.open.session(b!.device));
    await scene.run(back.agreements());
    expect(a!.open.connected()).toHaveLength(1);
    expect(again.open.connected()).toHaveLength(1);
  });

  it('to a device that never answers the handshake holds nobody up for long', async () => {
    play('mute');
    const [a, mute, good] = await scene.parties(3);
    scene.world.network.intercept(a!.device, mute!.device, () => undefined);
    const startedAt = scene.world.clock.monotonic();
    const partners = await scene.run(a!.open.ensurePartners(MIB));
    expect(partners.map(({ device }) => device)).toEqual([good!.device]);
    expect(scene.world.clock.monotonic() - startedAt).toBeLessThanOrEqual(31_000);
    await expectFault(scene.run(a!.open.session(mute!.device)), 'timeout', 'unreachable');
  });

  it('with a man in the middle does not come about', async () => {
    play('middle');
    const [a, b] = await scene.parties(2);
    scene.world.network.intercept(a!.device, b!.device);
    await expectFault(scene.run(a!.open.session(b!.device)), 'corrupt', 'refused', 'unreachable');
    expect(a!.open.connected()).toEqual([]);
    expect(b!.open.connected()).toEqual([]);
  });

  it('is not waited for by who gave up, and serves who did not', async () => {
    play('given-up');
    const [a, b] = await scene.parties(2);
    scene.world.network.speed = { latencyMs: 300, bytesPerSecond: Infinity };
    const controller = a!.machine.platform.clock.abortController();
    const impatient = a!.open.session(b!.device, { signal: controller.signal });
    const patient = a!.open.session(b!.device);
    controller.abort();
    await expectFault(impatient, 'aborted');
    expect((await scene.run(patient)).peer.device).toBe(b!.device);
  });
});

describe('a search for partners', () => {
  it('ends at once when it is aborted', async () => {
    play('aborted');
    const [a, b] = await scene.parties(2);
    scene.world.network.intercept(a!.device, b!.device, () => undefined);
    const controller = a!.machine.platform.clock.abortController();
    const search = a!.open.ensurePartners(MIB, { signal: controller.signal });
    search.catch(() => undefined);
    await scene.pass(1000);
    controller.abort();
    await expectFault(search, 'aborted');
  });

  it('takes one device of each account before the second of any', async () => {
    play('rounds');
    const [a] = await scene.parties(1);
    for (let account = 0; account < 22; account++) {
      await scene.party(`one-${account}`, { account: `account-${account}` });
      await scene.party(`two-${account}`, { account: `account-${account}` });
    }
    await scene.pass(2000);
    const partners = await scene.run(a!.open.ensurePartners(MIB));
    expect(partners).toHaveLength(6);
    expect(new Set(partners.map(({ account }) => account)).size).toBe(6);
  });

  it('goes on below the limits of a full disk', async () => {
    play('disk');
    const [a] = await scene.parties(1);
    const machine = scene.world.device('small', { capacity: 300 * MIB });
    const small = await scene.party('small');
    await scene.pass(2000);
    const [partner] = await scene.run(a!.open.ensurePartners(200 * MIB));
    expect(partner!.agreement.accepter.gives).toBeLessThan(300 * MIB);
    machine.disk.capacity = machine.disk.used + 1000;
    const remote = await scene.run(a!.open.session(small.device));
    const one = shard(1, 100_000);
    await expectFault(scene.run(remote.put(partner!.agreement.id, one.row, one.sealed)), 'full');
    machine.disk.capacity = 300 * MIB;
    await scene.pass(3000);
    await scene.run(remote.put(partner!.agreement.id, one.row, one.sealed));
  });
});
