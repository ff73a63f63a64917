import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningBroker } from '../../../signaling/broker.ts';
import type { RendezvousDevice } from '../../contracts/rendezvous.ts';
import { rendezvousContract } from '../../contracts/rendezvous.ts';
import { Chain, person } from '../roster/members.ts';
import type { Person } from '../roster/members.ts';
import { listingOf, newIdentity, rendezvousOf, testBroker } from './devices.ts';

rendezvousContract('the broker over WebSocket', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'roost-broker-'));
  let broker: RunningBroker = await testBroker({ dataDir });
  const { port } = broker;
  const [ada, bo] = [await person(1), await person(2)];
  const chain = await Chain.found(ada);
  const secret = await chain.invite(ada, 9, { expiresAt: Date.now() + 1e12 });
  await chain.admit(bo, secret);
  const { cooperative } = chain.roster;

  async function device(owner: Person): Promise<RendezvousDevice> {
    const identity = await newIdentity();
    return {
      device: identity.device,
      rendezvous: await rendezvousOf(`http://127.0.0.1:${port}`, identity),
      listing: await listingOf(owner, identity, cooperative),
    };
  }

  return {
    cooperative,
    entries: chain.entries,
    first: await device(ada),
    second: await device(bo),
    settle: () => new Promise((resolve) => setTimeout(resolve, 20)),
    brokerDown: () => broker.close(),
    brokerUp: async () => {
      broker = await testBroker({ dataDir, port });
    },
    cleanUp: async () => {
      await broker.close();
      await rm(dataDir, { recursive: true });
    },
  };
});
