import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';

const BUFFER_BYTES = 64 * 1024;
/** kind, time */
const HEAD_BYTES = 9;
/** two devices, length, hash */
const FRAME_BYTES = 20;
const FRAME = 1;
const TEXT = 2;

/** Everything that happened in a run, in order, as one hash: two runs are the same run when their hashes are. */
export class Trace {
  readonly #hash: Hash = createHash('sha256');
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #numbers = new Map<string, number>();
  readonly #now: () => number;
  readonly #writeLine: ((line: string) => void) | undefined;
  #length = 0;
  #events = 0;

  /**
   * @param now milliseconds of simulated time
   * @param writeLine called with each event as one line of text, for people who look for the first difference of two runs
   */
  constructor(now: () => number, writeLine?: (line: string) => void) {
    this.#now = now;
    this.#writeLine = writeLine;
  }

  get events(): number {
    return this.#events;
  }

  /** A message was delivered. */
  frame(message: Uint8Array, from: string, to: string): void {
    const [low, high] = cheapHash(message);
    const at = this.#begin(FRAME);
    this.#view.setUint32(at, this.#numberOf(from));
    this.#view.setUint32(at + 4, this.#numberOf(to));
    this.#view.setUint32(at + 8, message.length);
    this.#view.setUint32(at + 12, low);
    this.#view.setUint32(at + 16, high);
    this.#length += FRAME_BYTES;
    this.#writeLine?.(
      `${this.#now()} frame ${this.#numberOf(from)}>${this.#numberOf(to)} ${message.length} ${low.toString(16)}${high.toString(16)}`,
    );
  }

  /** Anything else: a fault, an entry of somebody's activity, a verdict. */
  text(line: string): void {
    const bytes = Buffer.from(line);
    this.#begin(TEXT);
    this.#flush();
    this.#hash.update(bytes);
    this.#writeLine?.(`${this.#now()} ${line}`);
  }

  /** SHA-256 of all events so far, in hex. */
  digest(): string {
    this.#flush();
    return this.#hash.copy().digest('hex');
  }

  #begin(kind: number): number {
    if (this.#length + HEAD_BYTES + FRAME_BYTES > BUFFER_BYTES) this.#flush();
    this.#events++;
    this.#view.setUint8(this.#length, kind);
    this.#view.setFloat64(this.#length + 1, this.#now());
    this.#length += HEAD_BYTES;
    return this.#length;
  }

  #flush(): void {
    this.#hash.update(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  /** Devices in the order in which they were first heard of. */
  #numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(name, number);
    }
    return number;
  }
}

/** 64 bits of the bytes, fast and good enough to tell frames apart (two lanes of FNV-1a kind). */
function cheapHash(bytes: Uint8Array): [number, number] {
  let low = 0x811c9dc5;
  let high = bytes.length | 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul((high << 5) ^ (high >>> 27) ^ byte, 0x85ebca6b);
  }
  return [low >>> 0, (high ^ (high >>> 13)) >>> 0];
}
