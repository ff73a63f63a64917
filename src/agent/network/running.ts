import type { AccountId, DeviceId } from '../../core/ids.ts';
import type { Cancellable } from '../../core/progress.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DirectoryEntry, Rendezvous } from '../../ports/rendezvous.ts';
import type { Channel, Transport } from '../../ports/transport.ts';
import type { SpacePromises } from '../host/promises.ts';
import { openSession } from '../session/open-session.ts';
import type { Remote, RequestHandler } from '../session/types.ts';
import { Directory } from './directory.ts';
import type { Traffic } from './metered-channel.ts';
import { meteredChannel } from './metered-channel.ts';
import type { CooperationOptions } from './options.ts';
import { Reconnect } from './reconnect.ts';
import type { RosterBook } from './roster-book.ts';
import { RosterSyncer } from './roster-sync.ts';
import { Sessions } from './sessions.ts';

/** The parts of a cooperation that exist between its start and its stop. */
export interface Running {
  readonly rendezvous: Rendezvous;
  readonly sessions: Sessions;
  readonly directory: Directory;
  readonly reconnect: Reconnect;
  readonly syncer: RosterSyncer;
  readonly traffic: Traffic;
  /** to be called at the stop */
  readonly ends: (() => void)[];
}

export interface RunningParts {
  readonly options: CooperationOptions;
  readonly transport: Transport;
  readonly rendezvous: Rendezvous;
  readonly roster: RosterBook;
  readonly promises: SpacePromises;
  readonly handler: RequestHandler;
  readonly onRoster: () => void;
  readonly onDirectory: (entries: readonly DirectoryEntry[]) => void;
  readonly onOpened: (remote: Remote) => void;
  readonly onClosed: (device: DeviceId) => void;
}

/** Puts the parts together: from here on calls are answered; nothing is dialled or told yet. */
export function compose(parts: RunningParts): Running {
  const { options, transport, rendezvous, roster, promises, onOpened, onClosed } = parts;
  const { platform, identity, cooperative, host } = options;
  const { clock, random, log, blobs, about } = platform;
  const self = identity.device;
  const traffic: Traffic = { bytes: 0 };
  const syncer = new RosterSyncer({
    book: roster,
    rendezvous,
    cooperative,
    clock,
    log,
    onChange: parts.onRoster,
  });
  const directory = new Directory({
    self,
    cooperative,
    certificate: identity.certificate,
    about,
    rendezvous,
    clock,
    log,
    offered: () => host.offered,
    free: () => promises.free(),
    space: () => blobs.space(),
    holdings: () => host.heads.holdings(),
    onChange: parts.onDirectory,
  });
  const sessions = new Sessions({
    self,
    transport,
    clock,
    log,
    open: (channel, cancel) => open(parts, syncer, meteredChannel(channel, traffic), cancel),
    onOpened: (remote) => {
      reconnect.unsure();
      onOpened(remote);
    },
    onClosed,
  });
  const reconnect = new Reconnect({
    self,
    clock,
    random,
    log,
    isConnected: (device) => sessions.get(device) !== undefined,
    isAbsent: (device) => directory.isAbsent(device),
    isIsolated: () => !rendezvous.status.online && sessions.connected().length === 0,
    connect: (device) => sessions.session(device),
  });
  const ends = [
    rendezvous.onRoster((of) => {
      if (of === cooperative) void syncer.withBroker();
    }),
    rendezvous.onStatus(({ online }) => {
      if (online) void syncer.withBroker();
      else reconnect.unsure();
    }),
  ];
  return { rendezvous, sessions, directory, reconnect, syncer, traffic, ends };
}

function open(
  { options, roster, handler }: RunningParts,
  syncer: RosterSyncer,
  channel: Channel,
  cancel: Cancellable,
): Promise<Remote> {
  const { platform, identity, cooperative, uploads } = options;
  const { crypto, clock, random, log } = platform;
  const isMember = (account: AccountId): boolean => roster.roster.members.has(account);
  return openSession(channel, {
    ...cancel,
    suite: crypto,
    clock,
    random,
    log,
    identity: {
      certificate: identity.certificate,
      sign: (message) => identity.signer.sign(message),
    },
    cooperatives: [cooperative],
    isMember: async (account) => {
      if (isMember(account)) return true;
      // Somebody who joined a moment ago may call before the broker's notice comes.
      await syncer.withBrokerSometimes();
      return isMember(account);
    },
    handler,
    uploads,
  });
}

/** Calls `task` every `ms` until the function returned is called. */
export function every(clock: Clock, ms: number, task: () => void): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(ms, () => {
      again();
      task();
    });
  };
  again();
  return () => {
    cancel();
  };
}
