import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import { decodeHeldRow, ledgerRowOf } from '../../../src/agent/host/held-row.ts';
import type { HeldRow } from '../../../src/agent/host/held-row.ts';
import { decodeOwnHead, decodePlacement, decodeStoredPack } from '../../../src/agent/repository/records.ts';
import type { Placement, StoredPack } from '../../../src/agent/repository/records.ts';
import { OWNER_TABLES } from '../../../src/agent/repository/tables.ts';
import { asNumber, readRecord } from '../../../src/agent/store/records.ts';
import { TABLES } from '../../../src/agent/store/tables.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import type { AgreementId } from '../../../src/core/ids.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import { hashOfShard } from '../shard-hash.ts';

/** What the disks of devices say, whatever their agents believe. */

const PAGE_ROWS = 10_000;

export function recordsOf(device: MemoryDevice, table: string): readonly { key: string; value: Bytes }[] {
  const records: { key: string; value: Bytes }[] = [];
  for (let after: string | undefined; ;) {
    const range = { ...(after === undefined ? {} : { after }), limit: PAGE_ROWS };
    const page = device.disk.tables.get(table)?.scan(range) ?? [];
    records.push(...page);
    if (page.length < PAGE_ROWS) return records;
    after = page.at(-1)!.key;
  }
}

/** Rows that a device keeps for others and has not marked as lost, in the order of agreement and number. */
export function heldRows(device: MemoryDevice): readonly HeldRow[] {
  return recordsOf(device, TABLES.heldRows)
    .map(({ value }) => decodeHeldRow(value))
    .filter(({ lost }) => !lost);
}

/** What a device keeps, by agreement, as it would tell it to the owner. */
export function heldLedgers(device: MemoryDevice): Map<AgreementId, readonly LedgerRow[]> {
  const ledgers = new Map<AgreementId, readonly LedgerRow[]>();
  for (const held of heldRows(device))
    ledgers.set(held.agreement, [...(ledgers.get(held.agreement) ?? []), ledgerRowOf(held)]);
  return ledgers;
}

/** The sealed bytes of a row; undefined when they are not on the disk as they were put. */
export function bytesOf(device: MemoryDevice, held: HeldRow): Bytes | undefined {
  const volume = device.disk.volumes.get(held.volume);
  if (volume === undefined || volume.length < held.offset + held.bytes) return undefined;
  const bytes = volume.read(held.offset, held.bytes);
  return equalBytes(hashOfShard(bytes), held.hash) ? bytes : undefined;
}

export function packsOf(device: MemoryDevice): readonly StoredPack[] {
  return recordsOf(device, OWNER_TABLES.packs).map(({ value }) => decodeStoredPack(value));
}

export function placementsOf(device: MemoryDevice): readonly Placement[] {
  return recordsOf(device, OWNER_TABLES.placements).map(({ value }) => decodePlacement(value));
}

/** Number of the head that a holder keeps of a device; undefined when it has none. */
export function heldHeadNumber(holder: MemoryDevice, device: string): number | undefined {
  const record = recordsOf(holder, TABLES.heldHeads).find(({ key }) => key.endsWith(`/${device}`));
  return record === undefined
    ? undefined
    : readRecord('a head', record.value, (fields) => asNumber(fields[0]));
}

export interface OwnHeadState {
  readonly seq: number;
  readonly acknowledged: boolean;
}

/** Number of the newest head of a device, and whether enough partners have it. */
export function ownHeadOf(device: MemoryDevice): OwnHeadState | undefined {
  const record = recordsOf(device, OWNER_TABLES.state).find(({ key }) => key === 'own');
  return record === undefined ? undefined : decodeOwnHead(record.value);
}
