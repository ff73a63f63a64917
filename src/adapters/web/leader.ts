/** Gives the lead up; the next tab in line gets it. */
export type Release = () => void;

export interface Leader {
  readonly leading: boolean;
  /**
   * Waits until this tab leads, and resolves with how to give it up. Rejects with the signal's reason when it is ended before.
   * A tab that closes or crashes releases by itself.
   */
  lead(options?: { readonly signal?: AbortSignal }): Promise<Release>;
  /** Called each time this tab comes to lead; returns a function that ends it. */
  onLead(handler: () => void): () => void;
  /** Whether some tab leads now. */
  taken(): Promise<boolean>;
}

/** One tab of a profile leads: it alone opens the stores and talks to partners. `name` is that of the Web Lock. */
export function createLeader(name: string, locks: LockManager = navigator.locks): Leader {
  const handlers = new Set<() => void>();
  let leading = false;
  return {
    get leading() {
      return leading;
    },
    lead({ signal } = {}) {
      return new Promise((resolve, reject) => {
        const hold = (): Promise<void> =>
          new Promise((release) => {
            leading = true;
            resolve(() => {
              leading = false;
              release();
            });
            for (const handler of handlers) handler();
          });
        locks.request(name, signal === undefined ? {} : { signal }, hold).catch(reject);
      });
    },
    onLead(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    async taken() {
      const { held = [] } = await locks.query();
      return held.some((lock) => lock.name === name);
    },
  };
}
