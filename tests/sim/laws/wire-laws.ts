import { createHash } from 'node:crypto';
import type { MemoryDevice } from '../../../src/adapters/memory/memory-device.ts';
import type { Bytes } from '../../../src/core/bytes.ts';
import { equalBytes } from '../../../src/core/bytes.ts';
import { hex } from '../../../src/core/hex.ts';
import type { AccountId, CooperativeId, DeviceId } from '../../../src/core/ids.ts';
import { encodeLedgerRow } from '../../../src/core/ledger/row.ts';
import { SEALED_SEGMENT_BYTES } from '../../../src/core/limits.ts';
import type { Ask } from '../../../src/core/wire/asks.ts';
import { askItems } from '../../../src/core/wire/asks.ts';
import { decodeMessage } from '../../../src/core/wire/messages.ts';
import { bytesOf, heldRows } from '../team/disks.ts';
import { referenceCommit, referenceDraw } from './reference-draw.ts';

type AskOf<K extends Ask['kind']> = Extract<Ask, { readonly kind: K }>;

/** Somebody as the laws see it. */
export interface Watched {
  readonly name: string;
  readonly device: MemoryDevice;
  readonly account: AccountId;
  readonly honest: boolean;
}

export interface WireLawsParts {
  readonly cooperative: () => CooperativeId;
  readonly who: (device: DeviceId) => Watched | undefined;
  readonly fail: (reason: string) => void;
}

/** A request under way between two devices. */
interface Asked {
  readonly ask: Ask;
  readonly owner: DeviceId;
  readonly holder: DeviceId;
  /** items that came so far with the request and with its reply */
  readonly brought: Bytes[];
  readonly given: Bytes[];
  /** of an answer to an audit: what the disk says must be shown; undefined stands for what is lost */
  expected?: readonly (Bytes | undefined)[];
}

/**
 * What must hold of every message that is delivered, whoever sent it. Laws about an answer hold for honest holders only, laws about a
 * request for honest owners.
 */
export class WireLaws {
  readonly #parts: WireLawsParts;
  readonly #asked = new Map<string, Asked>();
  /** owner/agreement/row → what was put there */
  readonly #rows = new Map<string, string>();
  /** owner → its newest head that was brought to anybody, and who has it */
  readonly #heads = new Map<DeviceId, { readonly head: string; readonly takers: Set<DeviceId> }>();
  /** agreement → the audit that was begun last */
  readonly #audits = new Map<string, { readonly ask: AskOf<'audit'>; readonly chance: Bytes }>();
  readonly counts = { audits: 0, shown: 0, releases: 0, gets: 0, refused: 0 };

  constructor(parts: WireLawsParts) {
    this.#parts = parts;
  }

  delivered(bytes: Bytes, from: DeviceId, to: DeviceId): void {
    const { message, body } = decodeMessage(bytes);
    switch (message.type) {
      case 'hello':
        this.#forget(from, to);
        return;
      case 'request': {
        const asked: Asked = { ask: message.ask, owner: from, holder: to, brought: [], given: [] };
        this.#asked.set(nameOf(from, to, message.id), asked);
        if (askItems(message.ask) === 0 || message.ask.kind === 'put') this.#onRequest(asked);
        if (body.length > 0) this.#onItem(from, to, message.id, body);
        return;
      }
      case 'item':
        this.#onItem(from, to, message.id, body);
        return;
      case 'reply': {
        const asked = this.#asked.get(nameOf(to, from, message.id));
        if (asked?.ask.kind === 'put-head') this.#headTaken(asked);
        if (body.length > 0) this.#onItem(from, to, message.id, body);
        return;
      }
      case 'fault':
        if (message.fault === 'refused') this.counts.refused++;
        this.#asked.delete(nameOf(to, from, message.id));
        return;
      default:
        return;
    }
  }

  /** Requests are numbered anew on a new channel. */
  #forget(a: DeviceId, b: DeviceId): void {
    for (const name of [...this.#asked.keys()]) {
      if (name.startsWith(`${a} ${b} `) || name.startsWith(`${b} ${a} `)) this.#asked.delete(name);
    }
  }

  #onItem(from: DeviceId, to: DeviceId, id: number, item: Bytes): void {
    const brought = this.#asked.get(nameOf(from, to, id));
    if (brought !== undefined && brought.brought.length < askItems(brought.ask)) {
      brought.brought.push(item.slice());
      if (brought.ask.kind !== 'put') this.#onRequest(brought);
      return;
    }
    const given = this.#asked.get(nameOf(to, from, id));
    given?.given.push(item.slice());
    if (given !== undefined) this.#onGiven(given);
  }

  #onRequest(asked: Asked): void {
    const { ask } = asked;
    switch (ask.kind) {
      case 'put': {
        const name = `${asked.owner}/${ask.agreement}/${ask.row.row}`;
        const content = `${ask.row.packId}/${ask.row.shard}/${hex(ask.row.hash)}`;
        const before = this.#rows.get(name);
        if (before !== undefined && before !== content && this.#isHonest(asked.owner)) {
          this.#parts.fail(`${this.#name(asked.owner)} used row ${ask.row.row} of an agreement twice`);
        }
        this.#rows.set(name, content);
        return;
      }
      case 'put-head': {
        const head = createHash('sha256').update(asked.brought[0]!).digest('hex');
        if (this.#heads.get(asked.owner)?.head !== head)
          this.#heads.set(asked.owner, { head, takers: new Set() });
        return;
      }
      case 'release': {
        this.counts.releases++;
        const newest = this.#heads.get(asked.owner);
        if (newest?.takers.size === 0 && this.#isHonest(asked.owner)) {
          this.#parts.fail(`${this.#name(asked.owner)} released pieces before anybody had its newest head`);
        }
        return;
      }
      case 'get':
        this.counts.gets++;
        return;
      case 'audit-answer':
        this.#onReveal(asked, ask);
        return;
      default:
        return;
    }
  }

  #onGiven(asked: Asked): void {
    const { ask, given, owner, holder, expected } = asked;
    switch (ask.kind) {
      case 'audit':
        this.counts.audits++;
        this.#audits.set(ask.agreement, { ask, chance: given[0]! });
        this.#digestMustBe(asked, ask);
        return;
      case 'audit-answer': {
        this.counts.shown++;
        if (expected === undefined || !this.#isHonest(holder)) return;
        const index = given.length - 1;
        const wanted = index < expected.length ? (expected[index] ?? new Uint8Array(1)) : undefined;
        if (wanted === undefined || !equalBytes(wanted, given[index]!)) {
          this.#parts.fail(
            `${this.#name(holder)} showed ${this.#name(owner)} another segment than place ${index} of the draw says`,
          );
        }
        return;
      }
      default:
        return;
    }
  }

  #headTaken({ owner, holder, brought }: Asked): void {
    const newest = this.#heads.get(owner);
    const head = createHash('sha256')
      .update(brought[0] ?? new Uint8Array(0))
      .digest('hex');
    if (newest?.head === head) newest.takers.add(holder);
  }

  /** The digest that an honest owner audits by, and an honest holder accepts, is that of the rows with their hashes. */
  #digestMustBe({ owner, holder }: Asked, { agreement, digest }: AskOf<'audit'>): void {
    const rows = this.#isHonest(holder) ? this.#rowsAt(holder, agreement) : undefined;
    if (rows === undefined) return;
    const hash = createHash('sha256');
    for (const { held } of rows) {
      const encoded = encodeLedgerRow(held);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(encoded.length);
      hash.update(length).update(encoded);
    }
    if (!hash.digest().equals(digest)) {
      this.#parts.fail(
        `${this.#name(holder)} let ${this.#name(owner)} audit by a digest that is not its ledger's`,
      );
    }
  }

  #onReveal(asked: Asked, { agreement, commit, chance, count }: AskOf<'audit-answer'>): void {
    const begun = this.#audits.get(agreement);
    const owner = this.#parts.who(asked.owner);
    if (begun === undefined || owner === undefined || !equalBytes(begun.ask.commit, commit)) return;
    const terms = {
      cooperative: this.#parts.cooperative(),
      owner: { device: asked.owner, account: owner.account },
      holder: asked.holder,
      agreement,
      digest: begun.ask.digest,
      count,
    };
    if (owner.honest && !referenceCommit(terms, chance).equals(commit)) {
      this.#parts.fail(`${owner.name} committed itself to something else than its chance and this ledger`);
    }
    const rows = this.#rowsAt(asked.holder, agreement);
    if (rows === undefined) return;
    const places = rows.flatMap(({ held, bytes }) =>
      Array.from({ length: held.segments }, (_, i) =>
        bytes?.slice(i * SEALED_SEGMENT_BYTES, (i + 1) * SEALED_SEGMENT_BYTES),
      ),
    );
    if (places.length === 0) return;
    const drawn = referenceDraw(terms, { owner: chance, holder: begun.chance }, places.length);
    asked.expected = drawn.map((place) => places[place]);
  }

  #rowsAt(holder: DeviceId, agreement: string) {
    const device = this.#parts.who(holder)?.device;
    return device === undefined
      ? undefined
      : heldRows(device)
          .filter((held) => held.agreement === agreement)
          .map((held) => ({ held, bytes: bytesOf(device, held) }));
  }

  #isHonest(device: DeviceId): boolean {
    return this.#parts.who(device)?.honest === true;
  }

  #name(device: DeviceId): string {
    return this.#parts.who(device)?.name ?? device;
  }
}

const nameOf = (owner: DeviceId, holder: DeviceId, id: number): string => `${owner} ${holder} ${id}`;
