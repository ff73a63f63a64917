import { acceptAgreement, verifyProposal } from '../../core/agreement/agreement.ts';
import type { Bytes } from '../../core/bytes.ts';
import type { CryptoSuite, Signer } from '../../core/crypto/suite.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId, DeviceId } from '../../core/ids.ts';
import type { Agreement } from '../../core/agreement/types.ts';
import { readHeadEnvelope } from '../../core/snapshot/head.ts';
import { AGREEMENTS_MAX, LEDGER_PAGE_ROWS, RELEASE_MAX_ROWS } from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { Limiter } from '../limiter.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import type { RosterBook } from '../network/roster-book.ts';
import type { Peer, RequestHandler } from '../session/types.ts';
import type { HeadShelf } from './head-shelf.ts';
import type { SpacePromises } from './promises.ts';
import { isOver } from './promises.ts';
import type { ShardStore } from './shard-store.ts';

export interface HostRequestsOptions {
  readonly crypto: CryptoSuite;
  readonly clock: Clock;
  readonly log: Log;
  readonly self: { readonly device: DeviceId; readonly account: AccountId };
  /** the device's key */
  readonly signer: Signer;
  readonly cooperative: CooperativeId;
  readonly store: ShardStore;
  readonly book: AgreementBook;
  readonly heads: HeadShelf;
  readonly roster: RosterBook;
  readonly promises: SpacePromises;
  /** an agreement was made, or a rendezvous id is held for the first time */
  readonly onChange: (what: 'agreements' | 'holdings') => void;
}

/**
 * Answers what partners ask of this device. Each answer is given only to whom it concerns: shards and ledgers to devices of
 * the account that owns them, heads to their account, the roster to members.
 */
export function createRequestHandler(options: HostRequestsOptions): RequestHandler {
  const { crypto, clock, log, signer, cooperative, store, book, heads, roster, promises, onChange } = options;
  const agreeing = new Limiter(1);

  /** An agreement under which this device holds for the peer's account. */
  const held = (peer: Peer, id: AgreementId): BookEntry => {
    const entry = book.get(id);
    if (entry === undefined) throw new RoostError('not-found', `agreement ${id} is not known here`);
    if (entry.adopted || entry.theirs.account !== peer.account) {
      throw new RoostError('refused', `agreement ${id} is not between this device and the asking account`);
    }
    return entry;
  };

  const mustBeMember = (peer: Peer): void => {
    if (!roster.roster.members.has(peer.account)) {
      throw new RoostError('refused', 'the asking account is not on the roster');
    }
  };

  const accept = async (peer: Peer, proposal: Bytes): Promise<Bytes> => {
    mustBeMember(peer);
    const agreement = await verifyProposal(crypto, proposal);
    checkSides(agreement, peer, options);
    const { graceDays, commitmentDays } = roster.roster.policy;
    if (agreement.graceDays !== graceDays || agreement.commitmentDays !== commitmentDays) {
      throw new RoostError(
        'refused',
        `policy is ${graceDays} days of grace and ${commitmentDays} of commitment, ` +
          `got ${agreement.graceDays} and ${agreement.commitmentDays}`,
      );
    }
    const newest = book.with(peer.device)[0]?.agreement;
    if (newest && agreement.epoch <= newest.epoch) {
      throw new RoostError('refused', `epoch must be above ${newest.epoch}, got ${agreement.epoch}`);
    }
    const { gives } = agreement.accepter;
    const aside = await promises.setAside(peer.device, gives, gives);
    try {
      const encoded = await acceptAgreement(crypto, signer, proposal);
      await book.add(encoded);
      await book.prune(peer.device, (id) => store.usage(id).rows > 0);
      log.info('host.agreed', {
        device: peer.device,
        gives,
        gets: agreement.proposer.gives,
        epoch: agreement.epoch,
      });
      onChange('agreements');
      return encoded;
    } finally {
      aside.done();
    }
  };

  return {
    propose: (peer, proposal) => agreeing.run(() => accept(peer, proposal)),

    agreements: async (peer) =>
      book
        .all()
        .filter(({ adopted, theirs }) => !adopted && theirs.account === peer.account)
        .filter(({ agreement, theirs }) => {
          const rules = book.with(theirs.device)[0]?.agreement.id === agreement.id;
          return rules || store.usage(agreement.id).rows > 0;
        })
        .sort((a, b) => b.agreement.madeAt - a.agreement.madeAt)
        .slice(0, AGREEMENTS_MAX)
        .map(({ encoded }) => encoded),

    put: async (peer, id, row) => {
      const entry = held(peer, id);
      mustBeMember(peer);
      const ruling = book.with(entry.theirs.device)[0] ?? entry;
      if (isOver(ruling, clock.now())) {
        throw new RoostError(
          'refused',
          `agreement ended at ${ruling.agreement.expiresAt} and has not been renewed`,
        );
      }
      return store.put({
        agreement: id,
        row,
        group: promises.group(entry.theirs.device),
        limit: ruling.ours.gives,
      });
    },

    get: async (peer, id, row, first, count) => {
      held(peer, id);
      return store.get(id, row, first, count);
    },

    release: async (peer, id, rows) => {
      held(peer, id);
      if (rows.length > RELEASE_MAX_ROWS) {
        throw new RoostError(
          'malformed',
          `a release must name at most ${RELEASE_MAX_ROWS} rows, got ${rows.length}`,
        );
      }
      await store.release(id, rows);
    },

    ledger: async (peer, id, after) => {
      held(peer, id);
      return store.ledger(id, after, LEDGER_PAGE_ROWS);
    },

    ledgerDigest: async (peer, id) => {
      held(peer, id);
      return store.digest(id);
    },

    putHead: async (peer, rendezvous, head) => {
      mustBeMember(peer);
      const label = await readHeadEnvelope(crypto, head);
      if (label.account !== peer.account || label.rendezvous !== rendezvous) {
        throw new RoostError(
          'refused',
          'a head must be left by its own account, under its own rendezvous id',
        );
      }
      if (await heads.put(rendezvous, label, head)) onChange('holdings');
    },

    heads: (peer, rendezvous) => heads.list(rendezvous, peer.account),

    roster: async (_peer, asked, from) => {
      if (asked !== cooperative) throw new RoostError('not-found', `cooperative ${asked} is not known here`);
      return roster.entries.slice(from);
    },
  };
}

function checkSides(agreement: Agreement, peer: Peer, { cooperative, self }: HostRequestsOptions): void {
  const { proposer, accepter } = agreement;
  if (agreement.cooperative !== cooperative)
    throw new RoostError('refused', 'proposal is of another cooperative');
  if (proposer.device !== peer.device || proposer.account !== peer.account) {
    throw new RoostError('refused', 'proposal must name the proposing device and its account');
  }
  if (accepter.device !== self.device || accepter.account !== self.account) {
    throw new RoostError('refused', 'proposal must name this device and its account as the other side');
  }
  if (proposer.account === self.account) {
    throw new RoostError('refused', 'devices of one account make no agreements with each other');
  }
}
