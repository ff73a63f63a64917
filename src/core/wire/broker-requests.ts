import type { Bytes } from '../bytes.ts';
import type { CooperativeId, DeviceId, RendezvousId } from '../ids.ts';
import { cooperativeIdFromBytes, deviceIdFromBytes, idBytes, rendezvousIdFromBytes } from '../ids.ts';
import { ROSTER_ENTRY_MAX_BYTES, ROSTER_MAX_ENTRIES } from '../limits.ts';
import type { Fields, Item } from '../schema.ts';
import {
  DIRECTORY_PAGE_ENTRIES,
  FOUND_PAGE_ENTRIES,
  HEADS_PAGE_ENTRIES,
  HOLDINGS_MAX,
  ICE_SERVERS_MAX,
  LEFT_HEAD_MAX_BYTES,
  ROSTER_PAGE_ENTRIES,
} from './broker-limits.ts';
import type { DirectoryRecord, FoundRecord, IceServer, ListingRecord } from './broker-records.ts';
import {
  directoryValue,
  foundValue,
  listingValue,
  readDirectoryEntry,
  readFound,
  readIceServer,
  readListing,
} from './broker-records.ts';

/** What a device may ask. Lists come in pages: `after` is the last device of the page before. */
export type BrokerRequest =
  | { readonly ask: 'announce'; readonly listing: ListingRecord }
  /** also: push what changes in this directory from now on */
  | { readonly ask: 'directory'; readonly cooperative: CooperativeId; readonly after: DeviceId | undefined }
  /** also: push when this roster grows from now on */
  | { readonly ask: 'roster'; readonly cooperative: CooperativeId; readonly from: number }
  | {
      readonly ask: 'append';
      readonly cooperative: CooperativeId;
      readonly position: number;
      readonly entry: Bytes;
    }
  | { readonly ask: 'hold'; readonly cooperative: CooperativeId; readonly ids: readonly RendezvousId[] }
  | { readonly ask: 'lookup'; readonly rendezvous: RendezvousId }
  | {
      readonly ask: 'leave-head';
      readonly rendezvous: RendezvousId;
      readonly cooperative: CooperativeId;
      readonly head: Bytes;
    }
  | { readonly ask: 'take-heads'; readonly rendezvous: RendezvousId; readonly after: DeviceId | undefined }
  | { readonly ask: 'ice' };

export type Ask = BrokerRequest['ask'];

const ASKS = [
  'announce',
  'directory',
  'roster',
  'append',
  'hold',
  'lookup',
  'leave-head',
  'take-heads',
  'ice',
] as const satisfies readonly Ask[];

/** What is answered. `next` is there when another page follows. */
interface Replies {
  readonly announce: Nothing;
  readonly directory: { readonly entries: readonly DirectoryRecord[]; readonly next: DeviceId | undefined };
  /** entries from `from` on, as many as fit, and whether more follow */
  readonly roster: { readonly entries: readonly Bytes[]; readonly more: boolean };
  readonly append: { readonly appended: boolean };
  readonly hold: Nothing;
  readonly lookup: { readonly found: readonly FoundRecord[] };
  readonly 'leave-head': Nothing;
  readonly 'take-heads': { readonly heads: readonly Bytes[]; readonly next: DeviceId | undefined };
  readonly ice: { readonly servers: readonly IceServer[] };
}
export type Nothing = Readonly<Record<string, never>>;
export type BrokerReply<A extends Ask> = Replies[A];

const optionalId = (id: DeviceId | undefined): Bytes | undefined =>
  id === undefined ? undefined : idBytes(id);

/** The fields of a request, as they go into its frame. */
export function requestValue(request: BrokerRequest): Readonly<Record<string, unknown>> {
  const { ask } = request;
  switch (ask) {
    case 'announce':
      return { ask, listing: listingValue(request.listing) };
    case 'directory':
      return { ask, cooperative: idBytes(request.cooperative), after: optionalId(request.after) };
    case 'roster':
      return { ask, cooperative: idBytes(request.cooperative), from: request.from };
    case 'append': {
      const { position, entry } = request;
      return { ask, cooperative: idBytes(request.cooperative), position, entry };
    }
    case 'hold':
      return { ask, cooperative: idBytes(request.cooperative), ids: request.ids.map(idBytes) };
    case 'lookup':
      return { ask, rendezvous: idBytes(request.rendezvous) };
    case 'leave-head': {
      const { rendezvous, cooperative, head } = request;
      return { ask, rendezvous: idBytes(rendezvous), cooperative: idBytes(cooperative), head };
    }
    case 'take-heads':
      return { ask, rendezvous: idBytes(request.rendezvous), after: optionalId(request.after) };
    case 'ice':
      return { ask };
    default:
      return request satisfies never;
  }
}

/** @throws RoostError 'malformed' */
export function readRequest(field: Fields): BrokerRequest {
  const ask = field('ask').oneOf(ASKS);
  const cooperative = (): CooperativeId => field('cooperative').id(cooperativeIdFromBytes);
  const rendezvous = (): RendezvousId => field('rendezvous').id(rendezvousIdFromBytes);
  const after = (): DeviceId | undefined => field.optional('after')?.id(deviceIdFromBytes);
  switch (ask) {
    case 'announce':
      return { ask, listing: readListing(field('listing')) };
    case 'directory':
      return { ask, cooperative: cooperative(), after: after() };
    case 'roster':
      return { ask, cooperative: cooperative(), from: field('from').uint(ROSTER_MAX_ENTRIES) };
    case 'append':
      return {
        ask,
        cooperative: cooperative(),
        position: field('position').uint(ROSTER_MAX_ENTRIES - 1),
        entry: field('entry').bytes({ max: ROSTER_ENTRY_MAX_BYTES }),
      };
    case 'hold':
      return {
        ask,
        cooperative: cooperative(),
        ids: field('ids').list(HOLDINGS_MAX, (id) => id.id(rendezvousIdFromBytes)),
      };
    case 'lookup':
      return { ask, rendezvous: rendezvous() };
    case 'leave-head':
      return {
        ask,
        rendezvous: rendezvous(),
        cooperative: cooperative(),
        head: field('head').bytes({ max: LEFT_HEAD_MAX_BYTES }),
      };
    case 'take-heads':
      return { ask, rendezvous: rendezvous(), after: after() };
    case 'ice':
      return { ask };
    default:
      return ask satisfies never;
  }
}

type Codecs = {
  readonly [A in Ask]: {
    readonly value: (reply: BrokerReply<A>) => Readonly<Record<string, unknown>>;
    readonly read: (field: Fields) => BrokerReply<A>;
  };
};

const nothing = { value: () => ({}), read: () => ({}) };
const nextOf = (field: Fields): DeviceId | undefined => field.optional('next')?.id(deviceIdFromBytes);

const CODECS: Codecs = {
  announce: nothing,
  directory: {
    value: (reply) => ({ entries: reply.entries.map(directoryValue), next: optionalId(reply.next) }),
    read: (field) => ({
      entries: field('entries').list(DIRECTORY_PAGE_ENTRIES, readDirectoryEntry),
      next: nextOf(field),
    }),
  },
  roster: {
    value: ({ entries, more }) => ({ entries, more }),
    read: (field) => ({
      entries: field('entries').list(ROSTER_PAGE_ENTRIES, (entry) =>
        entry.bytes({ max: ROSTER_ENTRY_MAX_BYTES }),
      ),
      more: field('more').boolean(),
    }),
  },
  append: {
    value: ({ appended }) => ({ appended }),
    read: (field) => ({ appended: field('appended').boolean() }),
  },
  hold: nothing,
  lookup: {
    value: (reply) => ({ found: reply.found.map(foundValue) }),
    read: (field) => ({ found: field('found').list(FOUND_PAGE_ENTRIES, readFound) }),
  },
  'leave-head': nothing,
  'take-heads': {
    value: ({ heads, next }) => ({ heads, next: optionalId(next) }),
    read: (field) => ({
      heads: field('heads').list(HEADS_PAGE_ENTRIES, (head) => head.bytes({ max: LEFT_HEAD_MAX_BYTES })),
      next: nextOf(field),
    }),
  },
  ice: {
    value: ({ servers }) => ({ servers }),
    read: (field) => ({ servers: field('servers').list(ICE_SERVERS_MAX, readIceServer) }),
  },
};

export const replyValue = <A extends Ask>(ask: A, reply: BrokerReply<A>): Readonly<Record<string, unknown>> =>
  CODECS[ask].value(reply);

/** @throws RoostError 'malformed' */
export const readReply = <A extends Ask>(ask: A, result: Item): BrokerReply<A> =>
  result.map(CODECS[ask].read);
