import type { RecoveryReport } from '../../agent/api.ts';
import type { Fault } from '../../core/errors.ts';
import { faultOf } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { memo } from './memo.ts';
import type { Roost } from './roost.svelte.ts';

/** Set while a recovery is under way, so that a reload goes on with it. */
const RECOVERING_KEY = 'recovering';

export type Step = 'doors' | 'start' | 'join' | 'restore' | 'words' | 'recovering' | 'done';

/** The way from an empty device to a member: start, join or restore. The words live here and nowhere else. */
export class WelcomeFlow {
  step = $state<Step>('doors');
  words = $state<string | undefined>();
  working = $state(false);
  fault = $state<Fault | undefined>();
  progress = $state.raw<Progress | undefined>();
  recovery = $state.raw<RecoveryReport | undefined>();
  invite = $state('');
  readonly #roost: Roost;

  constructor(roost: Roost) {
    this.#roost = roost;
  }

  /** Opens the door that the address asks for. */
  followAddress(): void {
    const place = this.#roost.router.place;
    if (this.step === 'words' || this.step === 'recovering' || this.working) return;
    if (place.kind === 'join') {
      this.invite = `${this.#roost.services.site}#${place.invite}`;
      this.open('join');
    } else if (place.kind === 'restore') {
      this.open('restore');
    }
  }

  open(step: Step): void {
    this.fault = undefined;
    this.step = step;
  }

  found(name: string, displayName: string): Promise<void> {
    return this.#attempt(async () => {
      await this.#ensureAccount();
      const { invite } = await this.#roost.agent.found(name, displayName);
      this.#roost.invite.keep(invite);
      this.#showWords();
    });
  }

  join(link: string, displayName: string): Promise<void> {
    return this.#attempt(async () => {
      await this.#ensureAccount();
      await this.#roost.agent.join(link, displayName);
      this.#showWords();
    });
  }

  useWords(words: string): Promise<void> {
    return this.#attempt(async () => {
      await this.#roost.agent.useWords(words);
      this.step = 'recovering';
      await this.#recover();
    });
  }

  recoverAgain(): Promise<void> {
    return this.#attempt(() => this.#recover());
  }

  confirmWords(): void {
    this.#roost.setWordsConfirmed(true);
    this.words = undefined;
    this.step = 'done';
    this.#roost.router.clear();
  }

  /** A recovery that a reload broke off goes on: the keys are here, the words are not needed again. */
  resume(): void {
    if (memo.get(RECOVERING_KEY) === undefined || this.#roost.agent.state.phase === 'new') return;
    this.step = 'recovering';
    void this.recoverAgain();
  }

  /** Words that led to the wrong place are forgotten with all that came of them. */
  async otherWords(): Promise<void> {
    memo.set(RECOVERING_KEY, undefined);
    if (this.#roost.agent.state.phase === 'member') {
      await this.#roost.agent.wipe();
      location.hash = '#restore';
      location.reload();
      return;
    }
    this.open('restore');
  }

  async #recover(): Promise<void> {
    const { agent, router } = this.#roost;
    memo.set(RECOVERING_KEY, 'on');
    this.progress = undefined;
    this.recovery = await agent.recover({ onProgress: (progress) => (this.progress = progress) });
    memo.set(RECOVERING_KEY, undefined);
    // Whoever typed the words has them.
    this.#roost.setWordsConfirmed(true);
    this.step = 'done';
    router.clear();
    router.go('files');
    void this.#roost.begin();
  }

  /** An account made a moment ago, whose words are still here, serves again when found or join failed. */
  async #ensureAccount(): Promise<void> {
    const { agent } = this.#roost;
    if (this.words !== undefined && agent.state.phase === 'keys') return;
    this.words = (await agent.createAccount()).words;
  }

  #showWords(): void {
    this.#roost.setWordsConfirmed(false);
    this.step = 'words';
    void this.#roost.begin();
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.working) return;
    this.working = true;
    this.fault = undefined;
    try {
      await work();
    } catch (error) {
      this.fault = faultOf(error);
    } finally {
      this.working = false;
    }
  }
}
