import type {
  AgentApi,
  AgentState,
  BackupReport,
  CheckedPartner,
  CheckOptions,
  CheckReport,
  FileSummary,
  RecoveryReport,
  RecoverySheet,
  RestoreOptions,
  RestoreReport,
  SnapshotSummary,
} from '../../../src/agent/api.ts';
import type { Fault } from '../../../src/core/errors.ts';
import { RoostError } from '../../../src/core/errors.ts';
import type { DeviceId, SnapshotId } from '../../../src/core/ids.ts';
import type { Progress } from '../../../src/core/progress.ts';
import type { Source } from '../../../src/ports/source.ts';
import { emptyState, memberState, fakeSnapshots, INVITE, WORDS } from './fake-state.ts';

/** An agent of plain data: the app's tests decide what it says and when. */
export class FakeAgent implements AgentApi {
  state: AgentState;
  /** calls in order, for tests to read */
  readonly calls: string[] = [];
  /** the fault that the next call of a name ends with */
  readonly faults = new Map<string, Fault>();
  /** entries of the folder `bulk`, for the test of long lists */
  bulk = 0;
  /** holds runs open until it is called */
  release: (() => void) | undefined;
  holdRuns = false;
  restoreReport: Partial<RestoreReport> = {};
  /** folders of which a file is as it was saved */
  readonly known = new Set<string>();
  /** how the checks of partners end, by name; 'proved' for those not named */
  readonly outcomes = new Map<string, CheckedPartner['outcome']>();
  readonly #handlers = new Set<(state: AgentState) => void>();

  constructor(state: AgentState) {
    this.state = state;
  }

  subscribe(handler: (state: AgentState) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  set(change: Partial<AgentState>): void {
    this.state = { ...this.state, ...change };
    for (const handler of this.#handlers) handler(this.state);
  }

  #called(name: string): void {
    this.calls.push(name);
    const fault = this.faults.get(name);
    this.faults.delete(name);
    if (fault) throw new RoostError(fault, `the fake was told to fail ${name}`);
  }

  async createAccount(): Promise<{ readonly words: string }> {
    this.#called('createAccount');
    this.set({ ...emptyState(), phase: 'keys' });
    return { words: WORDS };
  }

  async useWords(words: string): Promise<void> {
    this.#called('useWords');
    if (words.trim().split(/\s+/).join(' ') !== WORDS)
      throw new RoostError('wrong-words', 'not the words of the fake');
    this.set({ ...emptyState(), phase: 'keys' });
  }

  async checkWords(words: string): Promise<boolean> {
    this.#called('checkWords');
    if (words.trim().split(/\s+/).length !== 12)
      throw new RoostError('wrong-words', 'the phrase must have 12 words');
    return words.trim().split(/\s+/).join(' ') === WORDS;
  }

  async found(name: string): Promise<{ readonly invite: string }> {
    this.#called('found');
    this.#enter(name);
    return { invite: INVITE };
  }

  async join(): Promise<void> {
    this.#called('join');
    this.#enter('The Lindens');
  }

  #enter(name: string): void {
    const member = memberState();
    const fresh = emptyState();
    this.set({
      ...member,
      cooperative: { ...member.cooperative!, name },
      folders: [],
      partners: [],
      health: fresh.health,
      activity: [],
      space: { ...member.space, offered: 0, promised: 0, held: 0 },
    });
  }

  async recover(
    options: { readonly onProgress?: (progress: Progress) => void } = {},
  ): Promise<RecoveryReport> {
    this.#called('recover');
    options.onProgress?.({ ...progressAt(40, 100), phase: 'restoring' });
    await this.#held();
    this.set(memberState());
    return {
      cooperative: 'The Lindens',
      snapshots: 3,
      heads: 1,
      partnersRead: 5,
      partners: 6,
      warning: undefined,
    };
  }

  async invite(): Promise<{ readonly invite: string }> {
    this.#called('invite');
    return { invite: INVITE };
  }

  async start(): Promise<void> {
    this.#called('start');
  }
  async stop(): Promise<void> {
    this.#called('stop');
  }

  async setOffer(bytes: number): Promise<void> {
    this.#called('setOffer');
    this.set({ space: { ...this.state.space, offered: bytes } });
  }

  async setUploadLimit(uploadLimit: number | undefined): Promise<void> {
    this.#called('setUploadLimit');
    this.set({ uploadLimit });
  }

  async setDeviceLabel(deviceLabel: string): Promise<void> {
    this.#called('setDeviceLabel');
    this.set({ deviceLabel });
  }

  async #held(): Promise<void> {
    if (this.holdRuns) await new Promise<void>((resolve) => (this.release = resolve));
  }

  async #run<T>(
    kind: 'backup' | 'restore' | 'check',
    total: number,
    work: () => T,
    signal: RestoreOptions['signal'],
  ): Promise<T> {
    const aborted = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => reject(new RoostError('aborted', 'stopped on purpose')));
    });
    this.set({ task: { kind, paused: false, progress: progressAt(total / 3, total) } });
    try {
      await Promise.race([this.#held(), aborted]);
      return work();
    } finally {
      this.set({ task: undefined });
    }
  }

  async backup(
    sources: readonly Source[],
    options: { readonly signal?: RestoreOptions['signal'] } = {},
  ): Promise<BackupReport> {
    this.#called(`backup ${sources.map((source) => source.name).join(' ')}`);
    if (this.faults.has('backup')) this.#called('backup');
    return this.#run(
      'backup',
      3_000_000,
      () => {
        const names = new Set(sources.map((source) => source.name));
        const kept = this.state.folders.filter((folder) => !names.has(folder.name));
        const saved = [...names].map((name) => ({
          name,
          health: 'protected' as const,
          lastSavedAt: Date.now(),
          files: 12,
          bytes: 3_000_000,
          hidden: 0,
        }));
        this.set({
          folders: [...kept, ...saved],
          health: { ...memberState().health, lastSavedAt: Date.now() },
        });
        return {
          snapshot: fakeSnapshots()[0]!.snapshot,
          files: 12,
          bytes: 3_000_000,
          carriedFiles: 0,
          carriedBytes: 0,
          sentBytes: 4_500_000,
          storedBytes: 2_900_000,
          readBytes: 3_000_000,
          seconds: 1,
          unreadable: [],
          leftOut: [],
          health: 'protected',
        };
      },
      options.signal,
    );
  }

  async knows({ name }: Source): Promise<boolean> {
    return this.known.has(name);
  }

  async removeFolder(name: string): Promise<void> {
    this.#called('removeFolder');
    this.set({ folders: this.state.folders.filter((folder) => folder.name !== name) });
  }

  pause(): void {
    this.#called('pause');
    const { task } = this.state;
    if (task)
      this.set({ task: { ...task, paused: true }, health: { ...this.state.health, state: 'paused' } });
  }

  resume(): void {
    this.#called('resume');
    const { task } = this.state;
    if (task)
      this.set({ task: { ...task, paused: false }, health: { ...this.state.health, state: 'saving' } });
  }

  async snapshots(): Promise<readonly SnapshotSummary[]> {
    this.#called('snapshots');
    return this.state.folders.length > 0 ? fakeSnapshots() : [];
  }

  async list(_snapshot: SnapshotId, path: string): Promise<readonly FileSummary[]> {
    const file = (name: string, bytes: number): FileSummary => ({
      path: path === '' ? name : `${path}/${name}`,
      name,
      kind: 'file',
      bytes,
      mtimeMs: Date.now() - bytes * 1000,
    });
    const folder = (name: string, bytes: number): FileSummary => ({ ...file(name, bytes), kind: 'folder' });
    switch (path) {
      case '':
        return [
          ...(this.bulk > 0 ? [folder('bulk', 100_000)] : []),
          folder('Letters', 52_000),
          folder('Photos', 824_000_000),
          folder('Taxes', 9_100_000),
        ];
      case 'bulk':
        return Array.from({ length: this.bulk }, (_, index) =>
          file(`file-${String(index).padStart(6, '0')}.txt`, index),
        );
      case 'Photos':
        return [folder('2024', 410_000_000), folder('2025', 414_000_000), file('index.html', 4_096)];
      case 'Photos/2024':
        return [file('birthday.jpg', 3_400_000), file('harbour at dawn.jpg', 2_800_000)];
      case 'Letters':
        return [file('to grandmother.txt', 2_100), file('to the landlord, second reminder.pdf', 48_000)];
      default:
        return [file('form.pdf', 120_000)];
    }
  }

  async restore(_snapshot: SnapshotId, options: RestoreOptions): Promise<RestoreReport> {
    this.#called(`restore ${options.paths.join(' ')}`);
    return this.#run(
      'restore',
      824_000_000,
      () => ({
        files: 42,
        bytes: 824_000_000,
        kept: 0,
        seconds: 9,
        failed: [],
        corrected: [],
        ...this.restoreReport,
      }),
      options.signal,
    );
  }

  async forget(): Promise<{ readonly forgotten: readonly SnapshotId[]; readonly releasedBytes: number }> {
    this.#called('forget');
    return { forgotten: [], releasedBytes: 0 };
  }

  async check(options: CheckOptions = {}): Promise<CheckReport> {
    this.#called('check');
    const holders = this.state.partners.filter(({ held }) => held > 0);
    return this.#run(
      'check',
      2_000_000,
      () => {
        const partners = holders.map(({ device, name, held }): CheckedPartner => {
          const outcome = this.outcomes.get(name) ?? 'proved';
          return { device, name, outcome, segments: outcome === 'proved' ? 5 : 0, heldBytes: held };
        });
        const proved = partners.filter(({ outcome }) => outcome === 'proved');
        return {
          partners,
          provedBytes: proved.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
          movedBytes: 330_000 * proved.length,
          seconds: 3,
          packs: 4,
          outOfReach: 0,
          introduced: this.state.broker.online,
        };
      },
      options.signal,
    );
  }

  recoverySheet(): RecoverySheet {
    const { account, cooperative, partners } = this.state;
    if (account === undefined || cooperative === undefined) throw new RoostError('usage', 'no member yet');
    return {
      origin: 'https://roost.example',
      cooperative: cooperative.name,
      account,
      check: '5d1f0a2c',
      partners: partners.map(({ name, deviceLabel, device }) => ({ name, deviceLabel, device })),
    };
  }

  async endPartnership(device: DeviceId): Promise<void> {
    this.#called(`endPartnership ${device}`);
    const partners = this.state.partners.map((partner) =>
      partner.device === device
        ? { ...partner, state: 'leaving' as const, reason: `leaving:${Date.now() + 86_400_000}` }
        : partner,
    );
    this.set({ partners });
  }

  async setDelegate(device: DeviceId | undefined): Promise<void> {
    this.#called(`setDelegate ${device ?? 'none'}`);
  }

  async wipe(): Promise<void> {
    this.#called('wipe');
    this.set(emptyState());
  }
}

export function progressAt(done: number, total: number): Progress {
  return {
    phase: 'saving',
    done: Math.round(done),
    total,
    files: 4,
    filesTotal: 12,
    transferred: Math.round(done * 1.5),
    speed: 12_400_000,
    leftMs: 95_000,
    path: 'Photos/2025/harbour at dawn.jpg',
    partners: undefined,
  };
}
