/**
 * Tables of the holder's side and of the network in the MetaStore. Keys are ASCII, values deterministic CBOR unless said
 * otherwise. The owner's tables are in src/agent/repository/tables.ts.
 */
export const TABLES = {
  /** agreement/row (15 digits) → HeldRow: a shard that we keep, and where it lies (src/agent/host/held-row.ts) */
  heldRows: 'host-rows',
  /** volume/agreement/row → nothing: which rows lie in a volume; changes in the same batch as `heldRows` */
  heldVolumes: 'host-volumes',
  /** rendezvous/account/device → HeldHead: newest head of each device of an owner (src/agent/host/head-shelf.ts) */
  heldHeads: 'host-heads',
  /** 'scrub' → place of the scrubber (src/agent/host/scrubber.ts) */
  hostState: 'host-state',
  /** agreement → DeskRecord: the last audit that was begun, and what was asked today (src/agent/host/audit-desk.ts) */
  audits: 'host-audits',
  /** agreement → newest audit receipt, signed by both (src/agent/host/audit-desk.ts) */
  receipts: 'host-receipts',
  /** device → bytes read in its year of allowance (src/agent/host/read-rules.ts) */
  reads: 'host-reads',
  /** account → when its commitment began, and whether it is over (src/agent/host/read-rules.ts) */
  commitments: 'host-commitments',
  /** reporter/member → report of reneging (src/agent/host/report-shelf.ts) */
  reports: 'host-reports',
  /** account/device → newest partner list of a device (src/agent/host/partner-list-shelf.ts) */
  partnerLists: 'host-partner-lists',
  /** agreement → AgreementRecord: every agreement this device has or adopted (src/agent/network/agreement-book.ts) */
  agreements: 'network-agreements',
  /** cooperative/position (8 digits) → roster entry as it was signed (raw bytes; src/agent/network/roster-book.ts) */
  roster: 'network-roster',
  /** device → PartnerRecord: what we remember of a partner between sessions (src/agent/network/partner-book.ts) */
  partners: 'network-partners',
} as const;
