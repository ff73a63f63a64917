import { MemorySource } from '../../src/adapters/memory/memory-source.ts';
import type { SeededRandom } from '../../src/adapters/memory/seeded-random.ts';
import type { Bytes } from '../../src/core/bytes.ts';

/** Files of a folder by path, as they were at one moment. */
export type Files = ReadonlyMap<string, Bytes>;

const FILES_FIRST = 6;
const FILE_MAX_BYTES = 12_000;
const FOLDER = 'docs';
/** 2026-01-01 */
const FIRST_MTIME_NS = 1_767_225_600_000_000_000n;

/** The files of one person: some tens of KB that change a bit from week to week. */
export class Content {
  readonly source = new MemorySource(FOLDER);
  readonly #random: SeededRandom;
  readonly #files = new Map<string, Bytes>();
  #changes = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
    const files = FILES_FIRST + random.below(FILES_FIRST);
    for (let i = 0; i < files; i++) this.#write(`${i % 3 === 0 ? 'deep/' : ''}file-${i}`);
  }

  /** A week passes: one or two files change, one comes or goes now and then. */
  change(): void {
    const paths = [...this.#files.keys()];
    for (let i = 0; i <= this.#random.below(2); i++) this.#write(paths[this.#random.below(paths.length)]!);
    if (this.#random.fraction() < 0.2) this.#write(`new-${this.#changes}`);
    if (this.#random.fraction() < 0.15 && paths.length > FILES_FIRST) this.#remove(paths.at(-1)!);
  }

  /** All files now, by the path that a restore gives them. */
  files(): Files {
    return new Map([...this.#files].map(([path, bytes]) => [`${FOLDER}/${path}`, bytes]));
  }

  #write(path: string): void {
    const size = this.#random.below(FILE_MAX_BYTES);
    // Half of it compresses as text does.
    const noise = this.#random.bytes(size >> 1);
    const bytes = new Uint8Array(size);
    bytes.fill(32 + this.#random.below(90));
    bytes.set(noise);
    this.#changes++;
    this.#files.set(path, bytes);
    this.source.set(path, { bytes, mtimeNs: FIRST_MTIME_NS + BigInt(this.#changes) });
  }

  #remove(path: string): void {
    this.#files.delete(path);
    this.source.remove(path);
  }
}

/** Whether both are the same files, byte for byte. */
export function sameFiles(a: Files, b: Files): boolean {
  if (a.size !== b.size) return false;
  for (const [path, bytes] of a) {
    const other = b.get(path);
    if (other === undefined || Buffer.compare(bytes, other) !== 0) return false;
  }
  return true;
}
