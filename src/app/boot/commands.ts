import type { AgentApi, AgentState } from '../../agent/api.ts';
import { RoostError } from '../../core/errors.ts';

/** What a following tab may ask of the leading one: everything whose arguments are plain data. */
const COMMANDS = [
  'createAccount',
  'useWords',
  'checkWords',
  'found',
  'join',
  'invite',
  'recover',
  'start',
  'setOffer',
  'setUploadLimit',
  'setDeviceLabel',
  'removeFolder',
  'pause',
  'resume',
  'snapshots',
  'list',
  'forget',
  'check',
  'endPartnership',
  'setDelegate',
] as const satisfies readonly (keyof AgentApi)[];
type Command = (typeof COMMANDS)[number];

type Call = (method: Command, args: readonly unknown[]) => Promise<unknown>;

/** Runs a follower's command. @throws RoostError 'usage' for one that is not a command, else what the agent throws */
export async function runCommand(
  agent: AgentApi,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  const command = COMMANDS.find((name) => name === method);
  if (command === undefined) throw new RoostError('usage', `"${method}" is no command of another tab`);
  return (agent as unknown as Readonly<Record<Command, (...args: readonly unknown[]) => unknown>>)[command](
    ...args,
  );
}

/** The leading tab's agent as a following tab sees it. Runs with folders or downloads belong to the leading tab. */
export function followingAgent(
  call: Call,
  current: () => AgentState,
  subscribe: (handler: (state: AgentState) => void) => () => void,
): AgentApi {
  const elsewhere = (what: string): Promise<never> =>
    Promise.reject(new RoostError('busy', `${what} runs in the leading tab only`));
  const ask =
    <T>(method: Command) =>
    (...args: readonly unknown[]): Promise<T> =>
      call(method, args) as Promise<T>;
  return {
    get state() {
      return current();
    },
    subscribe,
    createAccount: ask('createAccount'),
    useWords: ask('useWords'),
    checkWords: ask('checkWords'),
    found: ask('found'),
    join: ask('join'),
    // Its progress shows in the state; callbacks do not cross.
    recover: () => ask<Awaited<ReturnType<AgentApi['recover']>>>('recover')(),
    invite: ask('invite'),
    start: ask('start'),
    stop: () => Promise.resolve(),
    setOffer: ask('setOffer'),
    setUploadLimit: ask('setUploadLimit'),
    setDeviceLabel: ask('setDeviceLabel'),
    backup: () => elsewhere('a backup'),
    knows: () => elsewhere('adding a folder'),
    removeFolder: ask('removeFolder'),
    pause: () => void call('pause', []).catch(() => undefined),
    resume: () => void call('resume', []).catch(() => undefined),
    snapshots: ask('snapshots'),
    list: ask('list'),
    restore: () => elsewhere('a restore'),
    forget: ask('forget'),
    check: () => ask<Awaited<ReturnType<AgentApi['check']>>>('check')(),
    recoverySheet: () => {
      throw new RoostError('busy', 'the recovery sheet is made in the leading tab only');
    },
    endPartnership: ask('endPartnership'),
    setDelegate: ask('setDelegate'),
    wipe: () => elsewhere('forgetting everything'),
  };
}
