import type { AgentApi, AgentState, PartnerView } from '../../../src/agent/api.ts';
import type { Agents, OpenOptions } from '../../../src/cli/command.ts';
import type { Streams } from '../../../src/cli/output.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { parseAccountId, parseCooperativeId, parseDeviceId } from '../../../src/core/ids.ts';

export const DEVICE = parseDeviceId('d'.repeat(40));
const ACCOUNT = parseAccountId('a'.repeat(64));

/** The state of a member with nothing saved. */
export function memberState(changes: Partial<AgentState> = {}): AgentState {
  return {
    phase: 'member',
    account: ACCOUNT,
    device: DEVICE,
    deviceLabel: 'test',
    broker: { online: true, reason: undefined },
    cooperative: { id: parseCooperativeId('c'.repeat(64)), name: 'Friends', role: 'steward', members: [] },
    health: {
      state: 'empty',
      partners: 0,
      canLose: 0,
      online: 0,
      sameComputer: false,
      lastSavedAt: undefined,
      reason: undefined,
      suspects: 0,
      missing: 0,
      awaited: 0,
      lossPerYear: undefined,
      restorableNow: undefined,
      risks: [],
    },
    folders: [],
    partners: [],
    space: {
      used: 0,
      quota: 1e12,
      storageClass: 'appliance',
      persisted: true,
      offered: 0,
      promised: 0,
      held: 0,
    },
    uploadLimit: undefined,
    task: undefined,
    activity: [],
    ...changes,
  };
}

/** A partner that keeps its promise. */
export function partnerView(digit: string, changes: Partial<PartnerView> = {}): PartnerView {
  return {
    device: parseDeviceId(digit.repeat(40)),
    account: parseAccountId(digit.repeat(64)),
    name: `Partner ${digit}`,
    deviceLabel: 'laptop',
    state: 'active',
    reason: undefined,
    online: true,
    lastSeenAt: 1_000,
    lastProofAt: undefined,
    proofs: { passed: 0, failed: 0 },
    graceEndsAt: undefined,
    schedule: [],
    agreement: undefined,
    terms: undefined,
    held: 1_024,
    holding: 2_048,
    givesUs: 4_096,
    weGive: 4_096,
    platform: 'nodejs on linux',
    storageClass: 'appliance',
    ...changes,
  };
}

/** An agent that has a state and the methods given; any other call fails the test. */
export function fakeAgent(state: AgentState, methods: Partial<AgentApi> = {}): AgentApi {
  const refuse = (name: string) => () => {
    throw new RoostError('internal', `the fake agent was asked to ${name}`);
  };
  return new Proxy({ ...methods, state } as AgentApi, {
    get: (target, name) => Reflect.get(target, name) ?? refuse(String(name)),
  });
}

export interface FakeAgents extends Agents {
  readonly opened: { readonly home: string; readonly options: OpenOptions }[];
}

export function fakeAgents(agent: AgentApi): FakeAgents {
  const opened: { home: string; options: OpenOptions }[] = [];
  return {
    opened,
    use: (home, work, options = {}) => {
      opened.push({ home, options });
      return work(agent);
    },
    share: () => Promise.resolve({ close: () => Promise.resolve() }),
  };
}

export interface Recorded extends Streams {
  text: string;
  errors: string;
  readonly lines: any[];
}

export function recordStreams(): Recorded {
  return {
    text: '',
    errors: '',
    columns: 0,
    out(text) {
      this.text += text;
    },
    err(text) {
      this.errors += text;
    },
    get lines() {
      return this.text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    },
  };
}
