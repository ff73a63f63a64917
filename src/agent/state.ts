import type { AgentState } from './api.ts';

/** The state that app and command line watch. Changes within one turn of the event loop reach listeners once. */
export class StateStore {
  #state: AgentState;
  readonly #listeners = new Set<(state: AgentState) => void>();
  #announced = false;
  #stale: ((state: AgentState) => Partial<AgentState>) | undefined;

  constructor() {
    this.#state = {
      phase: 'new',
      account: undefined,
      device: undefined,
      deviceLabel: '',
      broker: { online: false, reason: undefined },
      cooperative: undefined,
      health: {
        state: 'empty',
        partners: 0,
        canLose: 0,
        online: 0,
        sameComputer: false,
        lastSavedAt: undefined,
        reason: undefined,
        suspects: 0,
        missing: 0,
        awaited: 0,
        lossPerYear: undefined,
        restorableNow: undefined,
        risks: [],
      },
      folders: [],
      partners: [],
      space: { used: 0, quota: 0, storageClass: 'tab', persisted: false, offered: 0, promised: 0, held: 0 },
      uploadLimit: undefined,
      task: undefined,
      activity: [],
    };
  }

  get state(): AgentState {
    const fresh = this.#stale;
    if (fresh !== undefined) {
      this.#stale = undefined;
      this.#state = { ...this.#state, ...fresh(this.#state) };
    }
    return this.#state;
  }

  /** What is under way, or no more; the rest is worked out when somebody looks. */
  setTask(task: AgentState['task']): void {
    this.#state = { ...this.#state, task };
    this.#announce();
  }

  /** What `fresh` gives has changed: it is worked out when somebody looks, once for all changes since the last look. */
  outdate(fresh: (state: AgentState) => Partial<AgentState>): void {
    this.#stale = fresh;
    this.#announce();
  }

  subscribe(listener: (state: AgentState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #announce(): void {
    if (this.#announced || this.#listeners.size === 0) return;
    this.#announced = true;
    void Promise.resolve().then(() => {
      this.#announced = false;
      for (const listener of this.#listeners) listener(this.state);
    });
  }
}
