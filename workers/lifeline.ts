/** What every worker of ours offers to the page besides its work. */
export interface Lifeline {
  /**
   * Takes a Web Lock that ends only with the worker, so that the page, waiting for the same lock, learns of any death: a
   * worker that crashed or closed itself fires no event.
   */
  holdLifeline(name: string): Promise<void>;
}

/** Resolves once the lock is held. */
export function holdLifeline(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const forever = new Promise<never>(() => undefined);
    navigator.locks
      .request(name, () => {
        resolve();
        return forever;
      })
      .catch(reject);
  });
}
