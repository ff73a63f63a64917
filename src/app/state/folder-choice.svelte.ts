import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { AgentApi, FolderView, HealthState } from '../../agent/api.ts';
import type { ChosenFolder, FolderAccess, RememberedFolder } from '../services.ts';
import { memo } from './memo.ts';

/** Names of folders that were chosen and are in no snapshot yet: a reload in the middle of a first run must not hide them. */
const UNSAVED_KEY = 'unsaved';

function readUnsaved(): string[] {
  try {
    const names: unknown = JSON.parse(memo.get(UNSAVED_KEY) ?? '[]');
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}

/** One row of the list of folders: what was saved, what can be read now. */
export interface FolderLine {
  readonly name: string;
  readonly saved: FolderView | undefined;
  readonly health: HealthState;
  /** 'ready' it can be read now; 'ask' a click opens it again; 'choose' it must be chosen again */
  readonly access: 'ready' | 'ask' | 'choose';
}

/** A folder whose name is taken, perhaps by another one: who chose it decides what becomes of it. */
export interface NameClash {
  readonly folder: ChosenFolder;
  /** whether it is known to be another one */
  readonly other: boolean;
  /** a name that is free */
  readonly free: string;
}

/** 'replaces' when it is the same folder after all */
export type Settlement = 'renamed' | 'replaces';

/** The folders that can be read in this visit. */
export class FolderChoice {
  readonly chosen = new SvelteMap<string, ChosenFolder>();
  readonly remembered = new SvelteMap<string, RememberedFolder>();
  readonly unsaved = new SvelteSet<string>(readUnsaved());
  /** in the order they were chosen */
  clashes = $state.raw<readonly NameClash[]>([]);
  readonly #access: FolderAccess;
  readonly #agent: Pick<AgentApi, 'state' | 'knows'>;

  constructor(access: FolderAccess, agent: Pick<AgentApi, 'state' | 'knows'>) {
    this.#access = access;
    this.#agent = agent;
  }

  get canPick(): boolean {
    return this.#access.canPick;
  }

  /** Opens what the browser lets us open without asking; the rest waits for a click. */
  async reopen(): Promise<void> {
    for (const folder of await this.#access.remembered()) {
      if (this.chosen.has(folder.name)) continue;
      const opened = folder.granted ? await folder.open() : undefined;
      if (opened) this.chosen.set(opened.name, opened);
      else this.remembered.set(folder.name, folder);
    }
  }

  /** Asks the browser for a folder remembered from an earlier visit. @returns whether it can be read now */
  async allow(name: string): Promise<boolean> {
    const opened = await this.remembered.get(name)?.open();
    if (!opened) return false;
    this.remembered.delete(name);
    this.chosen.set(opened.name, opened);
    return true;
  }

  async pick(): Promise<boolean> {
    const folder = await this.#access.pick();
    return folder ? this.add([folder]) : false;
  }

  async fromInput(files: readonly File[]): Promise<boolean> {
    return this.add(await this.#access.fromInput(files));
  }

  async fromDrop(transfer: DataTransfer): Promise<boolean> {
    return this.add(await this.#access.fromDrop(transfer));
  }

  /** Takes folders in, but for those that would take the place of others: these are in `clashes` then. @returns whether any was taken in */
  async add(folders: readonly ChosenFolder[]): Promise<boolean> {
    let any = false;
    for (const folder of folders) {
      const former = await this.#former(folder);
      if (former === 'same') {
        await this.#take(folder);
        any = true;
      } else {
        const clash = { folder, other: former === 'other', free: this.#freeName(folder.name) };
        this.clashes = [...this.clashes, clash];
      }
    }
    return any;
  }

  /** Takes a folder in under a free name, or in the place of the one that has its name. */
  async settle(clash: NameClash, how: Settlement): Promise<void> {
    const { folder, free } = clash;
    this.drop(clash);
    // One that the browser keeps would come back in its place after a reload.
    if (how === 'replaces') await this.#access.forget(folder.name);
    await this.#take(how === 'renamed' ? folder.named(free) : folder);
  }

  /** Leaves a folder out. */
  drop(clash: NameClash): void {
    this.clashes = this.clashes.filter((other) => other !== clash);
  }

  async #take(folder: ChosenFolder): Promise<void> {
    await folder.keep();
    this.remembered.delete(folder.name);
    this.chosen.set(folder.name, folder);
    this.unsaved.add(folder.name);
    this.#keepUnsaved();
  }

  /** 'same' also when nothing of that name could be lost. */
  async #former(folder: ChosenFolder): Promise<'same' | 'other' | 'unknown'> {
    const { name, source } = folder;
    const former = await folder.former();
    if (former !== 'unknown') return former;
    const taken = this.chosen.has(name) || this.#agent.state.folders.some((saved) => saved.name === name);
    return !taken || (await this.#agent.knows(source)) ? 'same' : 'unknown';
  }

  #freeName(name: string): string {
    const taken = [
      ...this.#agent.state.folders.map((saved) => saved.name),
      ...this.chosen.keys(),
      ...this.remembered.keys(),
      ...this.unsaved,
      ...this.clashes.map(({ free }) => free),
    ];
    for (let count = 2; ; count++) {
      const free = `${name} (${count})`;
      if (!taken.includes(free)) return free;
    }
  }

  async remove(name: string): Promise<void> {
    this.chosen.delete(name);
    this.remembered.delete(name);
    if (this.unsaved.delete(name)) this.#keepUnsaved();
    await this.#access.forget(name);
  }

  /** Takes note of the folders that are in a snapshot. */
  noteSaved(saved: readonly FolderView[]): void {
    const done = saved.filter(({ name }) => this.unsaved.delete(name));
    if (done.length > 0) this.#keepUnsaved();
  }

  #keepUnsaved(): void {
    memo.set(UNSAVED_KEY, this.unsaved.size === 0 ? undefined : JSON.stringify([...this.unsaved]));
  }

  /** Saved folders and new ones, by name. */
  lines(saved: readonly FolderView[], running: boolean): FolderLine[] {
    const names = [
      ...saved.map(({ name }) => name),
      ...this.chosen.keys(),
      ...this.remembered.keys(),
      ...this.unsaved,
    ];
    return names
      .filter((name, index) => names.indexOf(name) === index)
      .sort((a, b) => a.localeCompare(b))
      .map((name) => {
        const view = saved.find((folder) => folder.name === name);
        return {
          name,
          saved: view,
          health: view?.health ?? (running ? 'saving' : 'at-risk'),
          access: this.chosen.has(name) ? 'ready' : this.remembered.has(name) ? 'ask' : 'choose',
        };
      });
  }
}
