// The app on a fake agent, for tests and for looking at screens: `?scene=` chooses what it says at first.
import { mountApp, mountEntry } from '../../../src/app/mount-app.ts';
import type { ChosenFolder, Services } from '../../../src/app/services.ts';
import type { Sink } from '../../../src/ports/sink.ts';
import type { Source } from '../../../src/ports/source.ts';
import { FakeAgent, progressAt } from './fake-agent.ts';
import { emptyState, memberState, storyActivity, storyPartners } from './fake-state.ts';

declare global {
  interface Window {
    fake: {
      readonly agent: FakeAgent;
      readonly saved: Map<string, string>;
      follow(following: boolean): void;
      update(): void;
    };
  }
}

const scene = new URLSearchParams(location.search).get('scene') ?? 'new';

function stateOf(name: string) {
  const member = memberState();
  switch (name) {
    case 'new':
      return emptyState();
    case 'fresh':
      return { ...member, folders: [], partners: [], health: emptyState().health, activity: [] };
    case 'saving':
      return {
        ...member,
        health: { ...member.health, state: 'saving' as const },
        task: { kind: 'backup' as const, paused: false, progress: progressAt(1_900_000_000, 4_200_000_000) },
      };
    case 'risk':
      return {
        ...member,
        broker: { online: false, reason: 'connection refused' },
        health: { ...member.health, state: 'at-risk' as const, reason: 'holders-lost-pieces' as const },
      };
    case 'suspects':
      return {
        ...member,
        partners: member.partners.map((partner, index) =>
          index === 4
            ? { ...partner, state: 'suspect' as const, reason: `silent:${Date.now() - 3 * 86_400_000}` }
            : partner,
        ),
        health: { ...member.health, suspects: 2 },
      };
    case 'repairing':
      return {
        ...member,
        partners: member.partners.map((partner, index) =>
          index === 2
            ? { ...partner, state: 'evicted' as const, reason: `evicted:${Date.now() - 3_600_000}`, held: 0 }
            : partner,
        ),
        health: {
          ...member.health,
          state: 'at-risk' as const,
          reason: 'holders-lost-pieces' as const,
          partners: 5,
          missing: 12,
          canLose: 2,
        },
        task: { kind: 'repair' as const, paused: false, progress: progressAt(12_000_000, 96_000_000) },
      };
    case 'risks':
      return {
        ...member,
        partners: member.partners.map((partner, index) => ({ ...partner, online: index < 2 })),
        health: {
          ...member.health,
          online: 2,
          risks: [
            { kind: 'domain' as const, domain: 'family:chromium' },
            { kind: 'domain' as const, domain: 'place:4f1d' },
            { kind: 'too-few-partners' as const, partners: 6, wanted: 9 },
          ],
        },
      };
    case 'stories':
      return { ...member, partners: storyPartners(), activity: storyActivity() };
    case 'same':
      return {
        ...member,
        partners: member.partners.slice(0, 5),
        health: { ...member.health, partners: 5, online: 5, sameComputer: true },
      };
    default:
      return member;
  }
}

function folderOf(name: string, former: 'same' | 'other' | 'unknown' = 'unknown'): ChosenFolder {
  const source: Source = {
    name,
    async *entries() {
      // The fake agent reads nothing.
    },
    read: () => Promise.reject(new Error('the fake agent reads nothing')),
    stat: () => Promise.reject(new Error('the fake agent reads nothing')),
  };
  return {
    name,
    source,
    former: () => Promise.resolve(former),
    keep: async () => void agent.calls.push(`keep ${name}`),
    named: (other) => folderOf(other),
  };
}

const nothing = (): Promise<void> => Promise.resolve();
const nowhere: Sink = {
  parallel: 1,
  folder: nothing,
  file: () => Promise.resolve({ write: nothing, close: nothing, abort: nothing }),
  link: nothing,
  finish: nothing,
  abort: nothing,
};

const agent = new FakeAgent(stateOf(scene));
const saved = new Map<string, string>();
if (scene === 'bulk') agent.bulk = 100_000;

let following = scene === 'following';
let available = scene === 'update';
const tabHandlers = new Set<() => void>();
const updateHandlers = new Set<() => void>();

const services: Services = {
  agent,
  site: 'https://roost.example/',
  folders: {
    canPick: scene !== 'fresh',
    pick: () => Promise.resolve(folderOf('Photos', 'other')),
    fromInput: (files) => {
      const names = new Set(files.map((file) => file.webkitRelativePath.split('/')[0] ?? file.name));
      return Promise.resolve([...names].map((name) => folderOf(name)));
    },
    fromDrop: () => Promise.resolve([folderOf('Dropped')]),
    remembered: () =>
      Promise.resolve(
        scene === 'member'
          ? [
              { name: 'Letters', granted: true, open: () => Promise.resolve(folderOf('Letters', 'same')) },
              { name: 'Photos', granted: false, open: () => Promise.resolve(folderOf('Photos', 'same')) },
            ]
          : [],
      ),
    forget: async (name) => void agent.calls.push(`forget ${name}`),
  },
  targets: {
    canPickFolder: true,
    folder: () => Promise.resolve(nowhere),
    zip: () => Promise.resolve(nowhere),
    text: (name, content) => {
      saved.set(name, content);
      return nothing();
    },
  },
  tab: {
    mayLeave: () => true,
    get following() {
      return following;
    },
    onChange: (handler) => {
      tabHandlers.add(handler);
      return () => tabHandlers.delete(handler);
    },
    useThisTab: () => {
      window.fake.follow(false);
      return Promise.resolve();
    },
  },
  updates: {
    get available() {
      return available;
    },
    onChange: (handler) => {
      updateHandlers.add(handler);
      return () => updateHandlers.delete(handler);
    },
    apply: () => agent.calls.push('update'),
  },
};

window.fake = {
  agent,
  saved,
  follow: (value) => {
    following = value;
    for (const handler of tabHandlers) handler();
  },
  update: () => {
    available = true;
    for (const handler of updateHandlers) handler();
  },
};

const target = document.querySelector<HTMLElement>('#app')!;
if (scene === 'plain-http') mountEntry(target, { kind: 'missing', missing: 'secure-context' });
else if (scene === 'unsupported') mountEntry(target, { kind: 'missing', missing: 'opfs' });
else if (scene === 'failed') mountEntry(target, { kind: 'failed', fault: 'denied' });
else mountApp(target, services);
