const TICK_MS = 20_000;

/** The time for "3 minutes ago", renewed now and then. */
export class Now {
  ms = $state(Date.now());

  tick(): () => void {
    const timer = setInterval(() => {
      this.ms = Date.now();
    }, TICK_MS);
    return () => clearInterval(timer);
  }
}
