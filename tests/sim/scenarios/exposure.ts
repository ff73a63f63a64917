import { Life } from '../../../src/adapters/memory/life.ts';
import { MemoryDisk } from '../../../src/adapters/memory/memory-disk.ts';
import { silentLog } from '../../../src/adapters/memory/memory-log.ts';
import { MemoryMetaStore } from '../../../src/adapters/memory/memory-meta-store.ts';
import { SeededRandom } from '../../../src/adapters/memory/seeded-random.ts';
import { VirtualClock } from '../../../src/adapters/memory/virtual-clock.ts';
import { AuditDesk } from '../../../src/agent/host/audit-desk.ts';
import type { ShardStore } from '../../../src/agent/host/shard-store.ts';
import type { AgreementBook, BookEntry } from '../../../src/agent/network/agreement-book.ts';
import type { Peer } from '../../../src/agent/session/types.ts';
import { auditCommit } from '../../../src/core/audit/draw.ts';
import {
  accountIdFromBytes,
  agreementIdFromBytes,
  cooperativeIdFromBytes,
  deviceIdFromBytes,
  packIdFromBytes,
} from '../../../src/core/ids.ts';
import { ledgerDigest } from '../../../src/core/ledger/row.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { LedgerRow } from '../../../src/core/snapshot/types.ts';
import { AUDIT_CHANCE_BYTES } from '../../../src/core/wire/limits.ts';
import { DAY_MS } from '../faults.ts';
import { lineChart } from '../plot.ts';
import { createSimSuite } from '../sim-suite.ts';
import type { Story } from '../story.ts';

const ROWS = 20;
const SEGMENTS_A_ROW = 16;
/** Draws that find a holder 99 times in 100, by the share that it keeps. */
const CLAIMS = [
  { kept: 0.5, draws: 7 },
  { kept: 0.9, draws: 44 },
];
/** One byte that stands for a segment that is kept, and one for made up bytes. */
const KEPT = new Uint8Array([1]);
const MADE_UP = new Uint8Array([0]);

/** A holder's real desk over a ledger of which each run keeps another share; the owner's side is played by the runs. */
class Bench {
  readonly #random: SeededRandom;
  readonly #clock = new VirtualClock();
  readonly #rows: readonly LedgerRow[];
  readonly #kept = new Set<string>();
  readonly #desk: AuditDesk;
  readonly #digest: LedgerRow['hash'];
  readonly #ids;

  constructor(seed: string) {
    this.#random = new SeededRandom(seed);
    const random = this.#random;
    this.#rows = Array.from({ length: ROWS }, (_, i) => ({
      row: i + 1,
      packId: packIdFromBytes(random.bytes(16)),
      shard: i % 8,
      bytes: SEGMENTS_A_ROW * SEALED_SEGMENT_BYTES,
      segments: SEGMENTS_A_ROW,
      hash: random.bytes(32),
    }));
    const digest = ledgerDigest(this.#rows);
    this.#digest = digest.digest;
    this.#ids = {
      cooperative: cooperativeIdFromBytes(random.bytes(32)),
      owner: { device: deviceIdFromBytes(random.bytes(20)), account: accountIdFromBytes(random.bytes(32)) },
      holder: { device: deviceIdFromBytes(random.bytes(20)), account: accountIdFromBytes(random.bytes(32)) },
      agreement: agreementIdFromBytes(random.bytes(16)),
    };
    const store = {
      digest: async () => digest,
      ledger: async (_id: string, after: number) => this.#rows.filter(({ row }) => row > after),
      prove: async (_id: string, row: number, segments: readonly number[]) =>
        segments.map((segment) => (this.#kept.has(`${row}/${segment}`) ? KEPT : MADE_UP)),
    };
    const signer = { publicKey: random.bytes(32), sign: async () => random.bytes(64) };
    this.#desk = new AuditDesk({
      crypto: createSimSuite((length) => random.bytes(length)),
      meta: new MemoryMetaStore(new MemoryDisk(random.fork('disk')), new Life()),
      clock: this.#clock,
      random: random.fork('holder'),
      log: silentLog,
      store: store as unknown as ShardStore,
      book: { all: () => [], with: () => [] } as unknown as AgreementBook,
      cooperative: this.#ids.cooperative,
      self: this.#ids.holder,
      signer,
    });
  }

  /** Draws until the holder is found out, at most `most` of them. @returns the draw that found it, or undefined */
  async drawsToExposure(kept: number, most: number): Promise<number | undefined> {
    this.#keep(kept);
    await this.#clock.advance(2 * DAY_MS);
    const { cooperative, owner, holder, agreement } = this.#ids;
    const chance = this.#random.bytes(AUDIT_CHANCE_BYTES);
    const terms = { cooperative, owner, holder: holder.device, agreement, digest: this.#digest, count: most };
    const commit = auditCommit(terms, chance);
    const peer = { ...owner, cooperative } as unknown as Peer;
    const entry = {
      agreement: { id: agreement },
      ours: { bytesPerSecond: 0 },
      theirs: owner,
    } as unknown as BookEntry;
    await this.#desk.open(peer, entry, { commit, digest: this.#digest, count: most });
    const shown = await this.#desk.answer(peer, entry, { commit, chance, count: most });
    const found = shown.findIndex((segment) => segment !== KEPT);
    return found < 0 ? undefined : found + 1;
  }

  /** Another share of all segments each time, as many as `kept` says. */
  #keep(kept: number): void {
    const all = this.#rows.flatMap(({ row, segments }) =>
      Array.from({ length: segments }, (_, i) => `${row}/${i}`),
    );
    const drop = Math.round(all.length * (1 - kept));
    this.#kept.clear();
    for (let i = 0; i < drop; i++) {
      const j = i + this.#random.below(all.length - i);
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    for (const name of all.slice(drop)) this.#kept.add(name);
  }
}

/** @param runs for each share that is kept; `least` share of them must be found within the draws claimed */
export function exposureOf(runs: number, least: number): Story {
  return {
    name: 'exposure',
    describe: `Draws that the real draw and desk take to find a holder that keeps half, or nine tenths, in ${runs} runs each.`,
    async tell(seed) {
      const failures: string[] = [];
      const rows: [string, string][] = [];
      const lines = [];
      const hash = new SeededRandom(seed);
      for (const { kept, draws } of CLAIMS) {
        const bench = new Bench(`${seed}/${kept}`);
        const foundAt = new Array<number>(draws + 1).fill(0);
        let found = 0;
        for (let run = 0; run < runs; run++) {
          const at = await bench.drawsToExposure(kept, draws);
          if (at === undefined) continue;
          found++;
          foundAt[at]!++;
        }
        const share = found / runs;
        if (share < least)
          failures.push(`keeping ${100 * kept} % is found within ${draws} draws in ${100 * share} % of runs`);
        let sum = 0;
        const points = foundAt.map((count, draw) => [draw, (100 * (sum += count)) / runs] as const);
        lines.push({ label: `keeps ${100 * kept} %`, points });
        rows.push([
          `keeps ${100 * kept} %, ${draws} draws`,
          `found in ${(100 * share).toFixed(2)} % of ${runs} runs`,
        ]);
      }
      const chart = lineChart({
        title: 'Draws until a holder is found out',
        x: 'draws',
        y: '% of runs',
        lines,
      });
      const title = 'Exposure of a holder that keeps a part';
      const traceHash = hash.fork(JSON.stringify(rows)).bytes(32);
      return {
        traceHash: Buffer.from(traceHash).toString('hex'),
        table: { title, rows },
        plots: new Map([['exposure-draws.svg', chart]]),
        failures,
      };
    },
  };
}
