import { GATHER_MS } from '../../../src/adapters/memory/memory-broker.ts';
import { createMemoryWorld } from '../../../src/adapters/memory/world.ts';
import type { RendezvousDevice } from '../../contracts/rendezvous.ts';
import { rendezvousContract } from '../../contracts/rendezvous.ts';
import { noCodec } from '../adapters/no-codec.ts';
import { Chain, person } from '../roster/members.ts';
import type { Person } from '../roster/members.ts';
import { listingOf, newIdentity } from './devices.ts';

rendezvousContract('the simulated broker', async () => {
  const world = createMemoryWorld({ seed: 1, codec: () => noCodec });
  const [ada, bo] = [await person(1), await person(2)];
  const chain = await Chain.found(ada);
  await chain.admit(bo, await chain.invite(ada, 9));
  const { cooperative } = chain.roster;

  async function device(name: string, owner: Person): Promise<RendezvousDevice> {
    const identity = await newIdentity();
    const { rendezvous } = await world.device(name).platform.network(identity);
    return { device: identity.device, rendezvous, listing: await listingOf(owner, identity, cooperative) };
  }

  return {
    cooperative,
    entries: chain.entries,
    first: await device('first', ada),
    second: await device('second', bo),
    settle: () => world.clock.advance(GATHER_MS),
    brokerDown: async () => world.broker.down(),
    brokerUp: async () => world.broker.up(),
    cleanUp: async () => world.close(),
  };
});
