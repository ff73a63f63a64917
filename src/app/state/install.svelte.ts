/** Chromium's event of an app that can be installed; TypeScript's DOM does not have it. */
interface InstallPromptEvent extends Event {
  prompt(): Promise<unknown>;
}

/** Whether the browser offers to install the app; the event comes early, so this listens from the start. */
export class Install {
  offered = $state(false);
  installed = $state(matchMedia('(display-mode: standalone)').matches);
  #event: InstallPromptEvent | undefined;

  listen(): () => void {
    const onOffer = (event: Event): void => {
      event.preventDefault();
      this.#event = event as InstallPromptEvent;
      this.offered = true;
    };
    const onInstalled = (): void => {
      this.offered = false;
      this.installed = true;
    };
    addEventListener('beforeinstallprompt', onOffer);
    addEventListener('appinstalled', onInstalled);
    return () => {
      removeEventListener('beforeinstallprompt', onOffer);
      removeEventListener('appinstalled', onInstalled);
    };
  }

  async prompt(): Promise<void> {
    const event = this.#event;
    this.#event = undefined;
    this.offered = false;
    await event?.prompt();
  }
}
