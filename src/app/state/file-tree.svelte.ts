import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { AgentApi, FileSummary } from '../../agent/api.ts';
import type { Fault } from '../../core/errors.ts';
import { faultOf } from '../../core/errors.ts';
import type { SnapshotId } from '../../core/ids.ts';

export interface TreeRow {
  readonly entry: FileSummary;
  /** 1 for the entries of the folder that is shown */
  readonly level: number;
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** One snapshot to look through: folders load when they are opened, and stay. */
export class FileTree {
  readonly snapshot: SnapshotId;
  /** the folder that is shown; '' is the root */
  at = $state('');
  fault = $state<Fault | undefined>();
  readonly folders = new SvelteMap<string, readonly FileSummary[]>();
  readonly expanded = new SvelteSet<string>();
  readonly selected = new SvelteSet<string>();
  readonly rows: readonly TreeRow[] = $derived.by(() => {
    const rows: TreeRow[] = [];
    this.#flatten(this.at, 1, rows);
    return rows;
  });
  readonly #agent: AgentApi;
  /** folders asked for and not here yet; nothing on screen hangs on it */
  readonly #loading: Record<string, Promise<readonly FileSummary[]> | undefined> = {};

  constructor(agent: AgentApi, snapshot: SnapshotId) {
    this.#agent = agent;
    this.snapshot = snapshot;
  }

  #flatten(folder: string, level: number, rows: TreeRow[]): void {
    for (const entry of this.folders.get(folder) ?? []) {
      rows.push({ entry, level });
      if (entry.kind === 'folder' && this.expanded.has(entry.path))
        this.#flatten(entry.path, level + 1, rows);
    }
  }

  get loaded(): boolean {
    return this.folders.has(this.at);
  }

  /** The entries of a folder, asked for once. @throws RoostError of `list` */
  entries(path: string): Promise<readonly FileSummary[]> {
    const known = this.folders.get(path);
    if (known) return Promise.resolve(known);
    const loading = this.#loading[path] ?? this.#load(path);
    this.#loading[path] = loading;
    return loading;
  }

  async #load(path: string): Promise<readonly FileSummary[]> {
    try {
      const entries = await this.#agent.list(this.snapshot, path);
      this.folders.set(path, entries);
      return entries;
    } finally {
      Reflect.deleteProperty(this.#loading, path);
    }
  }

  /** Shows a folder. A root with one folder in it shows what is in that, too. */
  async open(path: string): Promise<void> {
    this.at = path;
    await this.#attempt(async () => {
      const entries = await this.entries(path);
      const only = entries.length === 1 ? entries[0] : undefined;
      if (path === '' && only?.kind === 'folder') await this.expand(only.path);
    });
  }

  async expand(path: string): Promise<void> {
    await this.#attempt(async () => {
      await this.entries(path);
      this.expanded.add(path);
    });
  }

  collapse(path: string): void {
    this.expanded.delete(path);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.fault = undefined;
    try {
      await work();
    } catch (error) {
      this.fault = faultOf(error);
    }
  }

  /** The selected path that covers this one: itself or a folder above it. */
  #cover(path: string): string | undefined {
    for (let step = path; ; step = parentOf(step)) {
      if (this.selected.has(step)) return step;
      if (step === '') return undefined;
    }
  }

  isSelected(path: string): boolean {
    return this.selected.size > 0 && this.#cover(path) !== undefined;
  }

  toggle(path: string): void {
    const cover = this.#cover(path);
    if (cover === undefined) {
      for (const other of this.selected) if (other.startsWith(`${path}/`)) this.selected.delete(other);
      this.selected.add(path);
    } else {
      this.selected.delete(cover);
      // Everything else that the folder above covered stays selected.
      for (let step = path; step !== cover; step = parentOf(step)) {
        for (const sibling of this.folders.get(parentOf(step)) ?? []) {
          if (sibling.path !== step) this.selected.add(sibling.path);
        }
      }
    }
  }

  clear(): void {
    this.selected.clear();
  }
}
