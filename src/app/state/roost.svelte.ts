import type { AgentApi, AgentState, Health, RecoverySheet } from '../../agent/api.ts';
import { GIB } from '../../core/limits.ts';
import type { Services } from '../services.ts';
import { Awake } from './awake.svelte.ts';
import { FolderChoice } from './folder-choice.svelte.ts';
import { Install } from './install.svelte.ts';
import { Invite } from './invite.svelte.ts';
import { memo } from './memo.ts';
import { Now } from './now.svelte.ts';
import { Router } from './router.svelte.ts';
import { Runs } from './runs.svelte.ts';

const WORDS_KEY = 'words';
/** Set when all who hold pieces were on this computer as they were last seen. */
const SAME_COMPUTER_KEY = 'same-computer';

/** Where partners stand is known only while the broker lists them. */
const knowsPlaces = ({ broker, health }: AgentState): boolean => broker.online && health.online > 0;

/** What a new member gives until it says otherwise: enough to be worth a partner's while, seldom missed. */
const FIRST_OFFER_BYTES = 10 * GIB;
/** Never more than this share of what the browser allows. */
const FIRST_OFFER_SHARE = 0.25;

/** Everything the screens show, live. */
export class Roost {
  state = $state.raw<AgentState>() as AgentState;
  following = $state(false);
  updateReady = $state(false);
  /** false while it is not known that the person has written the words down */
  wordsConfirmed = $state(memo.get(WORDS_KEY) !== 'open');
  /** said by the live region, for those who do not see the screen change */
  announcement = $state('');
  readonly services: Services;
  readonly agent: AgentApi;
  readonly router = new Router();
  readonly now = new Now();
  readonly install = new Install();
  readonly awake = new Awake();
  readonly folders: FolderChoice;
  readonly runs: Runs;
  readonly invite: Invite;
  /** anything at work, of this tab or of the tab it follows */
  readonly working = $derived.by(() => this.state.task !== undefined || this.runs.running);
  /** work that nothing else can begin beside; a repair gives way by itself */
  readonly busy = $derived.by(
    () => this.working && (this.runs.running || this.state.task?.kind !== 'repair'),
  );

  /** The agent judges what it was given; a folder whose first run broke off is known only here. */
  readonly health: Health = $derived.by(() => {
    const known = knowsPlaces(this.state);
    const sameComputer = known ? this.state.health.sameComputer : memo.get(SAME_COMPUTER_KEY) === 'on';
    const health = { ...this.state.health, sameComputer };
    const open = this.folders.unsaved.size > 0 && !this.busy;
    return open && (health.state === 'protected' || health.state === 'empty')
      ? { ...health, state: 'at-risk', reason: 'last-run-failed' }
      : health;
  });

  /** What the recovery sheet lists; undefined before there is a cooperative, and in a tab that follows. */
  readonly sheet: RecoverySheet | undefined = $derived.by(() =>
    this.state.phase === 'member' && !this.following ? this.agent.recoverySheet() : undefined,
  );

  constructor(services: Services) {
    this.services = services;
    this.agent = services.agent;
    this.state = services.agent.state;
    this.following = services.tab.following;
    this.updateReady = services.updates.available;
    this.folders = new FolderChoice(services.folders, services.agent);
    this.runs = new Runs(services.agent, () =>
      [...this.folders.chosen.values()].map((folder) => folder.source),
    );
    this.invite = new Invite(services.agent);
  }

  /** Follows the agent, the address and the clock until the returned function is called. */
  live(): () => void {
    const ends = [
      this.agent.subscribe((state) => {
        const before = this.state;
        this.state = state;
        this.folders.noteSaved(state.folders);
        if (knowsPlaces(state)) memo.set(SAME_COMPUTER_KEY, state.health.sameComputer ? 'on' : undefined);
        this.#onPartners(before, state);
      }),
      this.services.tab.onChange(() => {
        this.following = this.services.tab.following;
      }),
      this.services.updates.onChange(() => {
        this.updateReady = this.services.updates.available;
      }),
      this.router.listen(),
      this.now.tick(),
      this.install.listen(),
      this.awake.listen(),
    ];
    this.state = this.agent.state;
    this.folders.noteSaved(this.state.folders);
    void this.folders.reopen();
    if (this.state.phase === 'member' && !this.following) void this.#start();
    return () => {
      for (const end of ends) end();
    };
  }

  async #start(): Promise<void> {
    try {
      await this.agent.start();
    } catch {
      // As in begin().
    }
  }

  /** What this device gives when its owner has not said yet. */
  async firstOffer(): Promise<number> {
    const { quota = 0 } = await navigator.storage.estimate();
    const share = Math.floor((quota * FIRST_OFFER_SHARE) / GIB) * GIB;
    return quota === 0
      ? FIRST_OFFER_BYTES
      : Math.min(FIRST_OFFER_BYTES, Math.max(share, Math.floor(quota / 10)));
  }

  /** The first steps of a new member: offer space, meet the others. What fails here is tried again at the next start. */
  async begin(): Promise<void> {
    try {
      if (this.state.space.offered === 0) await this.agent.setOffer(await this.firstOffer());
      await this.agent.start();
    } catch {
      // The line about introductions and the health sentence tell what is the matter.
    }
  }

  /** A backup that failed for want of partners goes on by itself when one comes online. */
  #onPartners(before: AgentState, after: AgentState): void {
    const online = (state: AgentState): number => state.partners.filter((partner) => partner.online).length;
    const waiting = this.runs.backupFault === 'too-few' || this.runs.backupFault === 'unreachable';
    if (waiting && online(after) > online(before)) void this.runs.backup({ queue: false });
  }

  setWordsConfirmed(confirmed: boolean): void {
    this.wordsConfirmed = confirmed;
    memo.set(WORDS_KEY, confirmed ? undefined : 'open');
  }

  announce(sentence: string): void {
    this.announcement = sentence;
  }
}
