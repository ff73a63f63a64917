/** Keeps the screen of this device on while the page shows; browsers let go of it whenever the page is hidden. */
export class Awake {
  readonly possible = 'wakeLock' in navigator;
  wanted = $state(false);
  refused = $state(false);
  #lock: WakeLockSentinel | undefined;

  listen(): () => void {
    const again = (): void => {
      if (this.wanted && document.visibilityState === 'visible') void this.#take();
    };
    document.addEventListener('visibilitychange', again);
    return () => document.removeEventListener('visibilitychange', again);
  }

  async set(wanted: boolean): Promise<void> {
    this.wanted = wanted;
    this.refused = false;
    if (wanted) await this.#take();
    else await this.#lock?.release();
  }

  async #take(): Promise<void> {
    try {
      this.#lock = await navigator.wakeLock.request('screen');
    } catch {
      this.wanted = false;
      this.refused = true;
    }
  }
}
