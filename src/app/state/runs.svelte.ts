import type { AgentApi, BackupReport, CheckReport, RestoreReport } from '../../agent/api.ts';
import type { Fault } from '../../core/errors.ts';
import { faultOf } from '../../core/errors.ts';
import type { SnapshotId } from '../../core/ids.ts';
import type { Source } from '../../ports/source.ts';
import type { Sink } from '../../ports/sink.ts';

type RunKind = 'backup' | 'restore' | 'check';

/** The work that this tab has started: at most one run at a time. */
export class Runs {
  kind = $state<RunKind | undefined>();
  backupFault = $state<Fault | undefined>();
  lastBackup = $state.raw<BackupReport | undefined>();
  restoreFault = $state<Fault | undefined>();
  lastRestore = $state.raw<RestoreReport | undefined>();
  checkFault = $state<Fault | undefined>();
  lastCheck = $state.raw<CheckReport | undefined>();
  /** a run was asked for while another was on */
  #again = false;
  #controller: AbortController | undefined;
  readonly #agent: AgentApi;
  readonly #sources: () => readonly Source[];

  constructor(agent: AgentApi, sources: () => readonly Source[]) {
    this.#agent = agent;
    this.#sources = sources;
  }

  get running(): boolean {
    return this.kind !== undefined;
  }

  /** Whether leaving the page would break something off that takes long; a check is soon done again. */
  get breakable(): boolean {
    return this.kind === 'backup' || this.kind === 'restore';
  }

  /** Saves all folders that can be read. While a run is on, `queue` asks for one more after it. */
  async backup(options: { readonly queue: boolean }): Promise<void> {
    if (this.running) {
      this.#again ||= options.queue;
      return;
    }
    do {
      this.#again = false;
      await this.#backupOnce();
    } while (this.#goesOn());
  }

  #goesOn(): boolean {
    return this.#again && this.backupFault !== 'aborted';
  }

  async #backupOnce(): Promise<void> {
    const sources = this.#sources();
    if (sources.length === 0) return;
    this.backupFault = undefined;
    await this.#run('backup', async (signal) => {
      try {
        this.lastBackup = await this.#agent.backup(sources, { signal });
      } catch (error) {
        this.backupFault = faultOf(error);
      }
    });
  }

  async restore(snapshot: SnapshotId, paths: readonly string[], sink: Sink): Promise<void> {
    this.restoreFault = undefined;
    this.lastRestore = undefined;
    await this.#run('restore', async (signal) => {
      try {
        this.lastRestore = await this.#agent.restore(snapshot, { sink, paths, signal });
      } catch (error) {
        this.restoreFault = faultOf(error);
      }
    });
  }

  /** Has the partners prove that they keep the pieces. Ends at once while another run is on. */
  async check(): Promise<void> {
    if (this.running) return;
    this.checkFault = undefined;
    this.lastCheck = undefined;
    await this.#run('check', async (signal) => {
      try {
        this.lastCheck = await this.#agent.check({ signal });
      } catch (error) {
        this.checkFault = faultOf(error);
      }
    });
  }

  /** Pausing is the agent's; stopping ends the run, and what was saved counts. */
  stop(): void {
    this.#again = false;
    this.#controller?.abort();
  }

  async #run(kind: RunKind, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.kind = kind;
    this.#controller = new AbortController();
    try {
      await work(this.#controller.signal);
    } finally {
      this.kind = undefined;
      this.#controller = undefined;
    }
  }
}
