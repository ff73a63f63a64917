import type { CryptoSuite } from '../../core/crypto/suite.ts';
import { RoostError } from '../../core/errors.ts';
import type { AccountId, AgreementId, CooperativeId } from '../../core/ids.ts';
import { verifyDuty } from '../../core/partnership/duty.ts';
import { verifyLeaveNotice } from '../../core/partnership/leave-notice.ts';
import { verifyPartnerList } from '../../core/partnership/partner-list.ts';
import { verifyRenegeReport } from '../../core/partnership/renege-report.ts';
import { readHeadEnvelope } from '../../core/snapshot/head.ts';
import {
  AGREEMENTS_MAX,
  LEDGER_PAGE_ROWS,
  RELEASE_MAX_ROWS,
  ROSTER_PAGE_BYTES,
} from '../../core/wire/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AgreementBook, BookEntry } from '../network/agreement-book.ts';
import type { RosterBook } from '../network/roster-book.ts';
import type { Peer, RequestHandler } from '../session/types.ts';
import type { AuditDesk } from './audit-desk.ts';
import type { HeadShelf } from './head-shelf.ts';
import type { Notice } from './notices.ts';
import type { Offers } from './offers.ts';
import type { PartnerListShelf } from './partner-list-shelf.ts';
import type { SpacePromises } from './promises.ts';
import { isOver } from './promises.ts';
import type { ReadRules } from './read-rules.ts';
import type { ReportShelf } from './report-shelf.ts';
import type { ShardStore } from './shard-store.ts';

export interface HostRequestsOptions {
  readonly crypto: CryptoSuite;
  readonly clock: Clock;
  readonly self: { readonly account: AccountId };
  readonly cooperative: CooperativeId;
  readonly store: ShardStore;
  readonly book: AgreementBook;
  readonly heads: HeadShelf;
  readonly roster: RosterBook;
  readonly promises: SpacePromises;
  readonly offers: Offers;
  readonly reads: ReadRules;
  readonly audits: AuditDesk;
  readonly reports: ReportShelf;
  readonly partnerLists: PartnerListShelf;
  /** a rendezvous id is held for the first time */
  readonly onHoldings: () => void;
  readonly onNotice: (notice: Notice) => void;
}

/**
 * Answers what partners ask of this device. Each answer is given only to whom it concerns: shards and ledgers to devices of
 * the account that owns them, heads to their account, the roster, reports and partner lists to members.
 */
export function createRequestHandler(options: HostRequestsOptions): RequestHandler {
  const { crypto, clock, self, cooperative, store, book, heads, roster, promises } = options;
  const { offers, reads, audits, reports, partnerLists, onHoldings, onNotice } = options;

  /** An agreement under which this device holds for the peer's account. */
  const held = (peer: Peer, id: AgreementId): BookEntry => {
    const entry = book.get(id);
    if (entry === undefined) throw new RoostError('not-found', `agreement ${id} is not known here`);
    if (entry.adopted || entry.theirs.account !== peer.account) {
      throw new RoostError('refused', `agreement ${id} is not between this device and the asking account`);
    }
    return entry;
  };

  const isMember = (account: AccountId): boolean => roster.roster.members.has(account);

  const mustBeMember = (peer: Peer): void => {
    if (!isMember(peer.account)) throw new RoostError('refused', 'the asking account is not on the roster');
  };

  /** An agreement with the peer's account, made by whichever device of ours. */
  const known = (peer: Peer, id: AgreementId): BookEntry => {
    const entry = book.get(id);
    if (entry === undefined) throw new RoostError('not-found', `agreement ${id} is not known here`);
    if (entry.theirs.account !== peer.account) {
      throw new RoostError('refused', `agreement ${id} is not with the telling account`);
    }
    return entry;
  };

  return {
    propose: async (peer, proposal) => {
      mustBeMember(peer);
      return offers.propose(peer, proposal);
    },

    accept: async (peer, agreement) => {
      mustBeMember(peer);
      await offers.accept(peer, agreement);
    },

    agreements: async (peer) =>
      book
        .all()
        .filter(({ adopted, theirs }) => !adopted && theirs.account === peer.account)
        .filter(({ agreement, theirs }) => {
          const ruling = book.with(theirs.device)[0];
          const rules = ruling?.agreement.id === agreement.id && ruling.endedAt === 0;
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
          `agreement ended at ${ruling.endedAt || ruling.agreement.expiresAt} and has not been renewed`,
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
      const entry = held(peer, id);
      await reads.check(entry);
      const segments = await store.get(id, row, first, count);
      await reads.take(
        entry,
        segments.reduce((sum, { length }) => sum + length, 0),
      );
      return segments;
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
      if (await heads.put(rendezvous, label, head)) onHoldings();
    },

    heads: (peer, rendezvous) => heads.list(rendezvous, peer.account),

    roster: async (_peer, asked, from) => {
      if (asked !== cooperative) throw new RoostError('not-found', `cooperative ${asked} is not known here`);
      // An entry more than a page has shows that there are further ones.
      return roster.entriesFrom(from, ROSTER_PAGE_BYTES);
    },

    openAudit: async (peer, id, commitment) => audits.open(peer, held(peer, id), commitment),

    answerAudit: async (peer, id, reveal) => audits.answer(peer, held(peer, id), reveal),

    receipt: (peer, receipt) => audits.receipt(peer, (id) => held(peer, id), receipt),

    loss: async (peer, loss) => {
      known(peer, loss.agreement);
      onNotice({ kind: 'loss', peer, loss });
    },

    leave: async (peer, encoded) => {
      const notice = await verifyLeaveNotice(crypto, encoded, peer.certificate.devicePublicKey);
      const { theirs } = known(peer, notice.agreement);
      if (notice.device !== theirs.device) {
        throw new RoostError(
          'refused',
          `agreement ${notice.agreement} has no side of device ${notice.device}`,
        );
      }
      onNotice({ kind: 'leave', peer, notice });
    },

    report: async (peer, encoded) => {
      mustBeMember(peer);
      const report = await verifyRenegeReport(crypto, encoded);
      if (report.cooperative !== cooperative)
        throw new RoostError('refused', 'report is of another cooperative');
      if (!isMember(report.by.account) || !isMember(report.against.account)) {
        throw new RoostError('refused', 'report must be by a member and against a member');
      }
      if (await reports.put(report, encoded, clock.now()))
        onNotice({ kind: 'report', peer, report, encoded });
    },

    reports: async (peer) => {
      mustBeMember(peer);
      return reports.list();
    },

    putPartnerList: async (peer, encoded) => {
      mustBeMember(peer);
      const list = await verifyPartnerList(crypto, encoded);
      if (list.cooperative !== cooperative)
        throw new RoostError('refused', 'partner list is of another cooperative');
      if (list.by.account !== peer.account) {
        throw new RoostError('refused', 'a partner list must be given by its own account');
      }
      const firsthand = list.by.device === peer.device;
      await partnerLists.put(list, encoded, { now: clock.now(), firsthand, isMember });
    },

    partnerLists: async (peer, account) => {
      mustBeMember(peer);
      return partnerLists.list(account);
    },

    putDuty: async (peer, encoded) => {
      if (peer.account !== self.account) {
        throw new RoostError('refused', 'a duty is taken from devices of the own account only');
      }
      const duty = await verifyDuty(crypto, encoded);
      if (duty.by.account !== self.account) {
        throw new RoostError('refused', `duty must be of this account, got account ${duty.by.account}`);
      }
      onNotice({ kind: 'duty', peer, duty, encoded });
    },
  };
}
