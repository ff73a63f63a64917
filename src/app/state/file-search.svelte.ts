import type { FileSummary } from '../../agent/api.ts';
import type { FileTree } from './file-tree.svelte.ts';

/** Entries looked at before a search stops: enough for a whole home, and bounded. */
export const SEARCH_MAX_ENTRIES = 500_000;
/** Matches are shown at least this often while the search goes on. */
const SHOW_EVERY_FOLDERS = 20;
const SETTLE_MS = 200;

/** A search by name through all folders of a snapshot. */
export class FileSearch {
  query = $state('');
  searching = $state(false);
  cut = $state(false);
  found = $state.raw<readonly FileSummary[]>([]);
  #run = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get active(): boolean {
    return this.query.trim() !== '';
  }

  set(query: string, tree: FileTree): void {
    this.query = query;
    this.found = [];
    this.cut = false;
    this.#run += 1;
    clearTimeout(this.#timer);
    this.searching = this.active;
    if (this.active) this.#timer = setTimeout(() => void this.#search(tree, this.#run), SETTLE_MS);
  }

  async #search(tree: FileTree, run: number): Promise<void> {
    const wanted = this.query.trim().toLowerCase();
    const matches: FileSummary[] = [];
    const waiting = [''];
    let looked = 0;
    for (let folders = 1; waiting.length > 0 && looked < SEARCH_MAX_ENTRIES; folders += 1) {
      const folder = waiting.shift() ?? '';
      // A folder that cannot be read now has no matches; opening it tells why.
      const entries = await tree.entries(folder).catch(() => []);
      if (run !== this.#run) return;
      looked += entries.length;
      for (const entry of entries) {
        if (entry.kind === 'folder') waiting.push(entry.path);
        if (entry.name.toLowerCase().includes(wanted)) matches.push(entry);
      }
      if (folders % SHOW_EVERY_FOLDERS === 0) this.found = [...matches];
    }
    this.found = matches;
    this.cut = waiting.length > 0;
    this.searching = false;
  }
}
