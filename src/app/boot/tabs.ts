import { createConsoleLog } from '../../adapters/web/console-log.ts';
import { FolderHandles } from '../../adapters/web/folder-handles.ts';
import type { Leader } from '../../adapters/web/leader.ts';
import { createLeader } from '../../adapters/web/leader.ts';
import { createWebPlatform } from '../../adapters/web/platform.ts';
import { createSystemClock } from '../../adapters/web/system-clock.ts';
import type { TabBus } from '../../adapters/web/tab-bus.ts';
import { createTabBus } from '../../adapters/web/tab-bus.ts';
import { createTimers } from '../../adapters/web/timers.ts';
import { createAgent } from '../../agent/agent.ts';
import type { AgentState } from '../../agent/api.ts';
import type { Clock } from '../../ports/clock.ts';
import { mountApp, mountEntry } from '../mount-app.ts';
import type { Services, Updates } from '../services.ts';
import { followingAgent, runCommand } from './commands.ts';
import { webFolders } from './folders.ts';
import { webTargets } from './targets.ts';
import { VERSION } from './version.ts';

const LOCK_NAME = 'roost-leader';
const BUS_NAME = 'roost-tabs';
const FOLDERS_DATABASE = 'roost-folders';
/** A tab that does not lead by then shows what the leading one does. */
const LEAD_SOON_MS = 300;
/** How often a tab that must not be left yet looks whether it may. */
const LEAVE_AGAIN_MS = 500;

interface Shared {
  readonly target: HTMLElement;
  /** address of the app and of its broker, without a slash at the end */
  readonly origin: string;
  readonly clock: Clock;
  readonly updates: Updates;
  readonly handles: FolderHandles;
  readonly leader: Leader;
}

/** Leads, or follows the tab that does, for as long as the page is open. @throws RoostError of the platform */
export async function runTabs(target: HTMLElement, updates: Updates): Promise<never> {
  const clock = createSystemClock(createTimers());
  const shared: Shared = {
    target,
    origin: new URL('.', location.href).href.replace(/\/$/, ''),
    clock,
    updates,
    handles: await FolderHandles.open(FOLDERS_DATABASE),
    leader: createLeader(LOCK_NAME),
  };
  for (;;) {
    const bus = createTabBus<AgentState>(BUS_NAME, clock);
    try {
      const release = await followUntilLeading(shared, bus);
      try {
        await leadUntilAsked(shared, bus);
      } finally {
        release();
      }
    } finally {
      bus.close();
    }
  }
}

async function followUntilLeading(shared: Shared, bus: TabBus<AgentState>): Promise<() => void> {
  const leading = shared.leader.lead();
  const soon = await Promise.race([leading, shared.clock.sleep(LEAD_SOON_MS).then(() => undefined)]);
  if (soon) return soon;

  let shown = false;
  const show = (): void => {
    if (shown || bus.state === undefined) return;
    shown = true;
    mountApp(shared.target, followerServices(shared, bus, bus.state));
  };
  show();
  const end = bus.subscribe(show);
  try {
    return await leading;
  } finally {
    end();
  }
}

function followerServices(shared: Shared, bus: TabBus<AgentState>, first: AgentState): Services {
  return {
    ...commonServices(shared),
    agent: followingAgent(
      (method, args) => bus.call(method, args),
      () => bus.state ?? first,
      (handler) => bus.subscribe(handler),
    ),
    tab: {
      following: true,
      onChange: () => () => undefined,
      // This tab waits for the lead all along; being told is all the other one needs.
      useThisTab: () => bus.handOver(),
      mayLeave: () => true,
    },
  };
}

async function leadUntilAsked(shared: Shared, bus: TabBus<AgentState>): Promise<void> {
  mountEntry(shared.target, { kind: 'loading' });
  const platform = await createWebPlatform({
    origin: shared.origin,
    version: VERSION,
    log: createConsoleLog('warn'),
  });
  try {
    const agent = await createAgent(platform);
    let mayLeave = (): boolean => true;
    let asked: () => void = () => undefined;
    const asking = new Promise<void>((resolve) => (asked = resolve));
    const serving = bus.serve({
      get state() {
        return agent.state;
      },
      call: (method, args) => runCommand(agent, method, args),
      handOver: asked,
    });
    const end = agent.subscribe(() => serving.publish());
    const unmount = mountApp(shared.target, {
      ...commonServices(shared),
      agent,
      tab: {
        following: false,
        onChange: () => () => undefined,
        useThisTab: () => Promise.resolve(),
        get mayLeave() {
          return mayLeave;
        },
        set mayLeave(decide) {
          mayLeave = decide;
        },
      },
    });
    try {
      await asking;
      // Words shown and not yet confirmed would be gone with this screen.
      while (!mayLeave()) await shared.clock.sleep(LEAVE_AGAIN_MS);
    } finally {
      unmount();
      mountEntry(shared.target, { kind: 'loading' });
      end();
      serving.stop();
      await agent.stop().catch(() => undefined);
    }
  } finally {
    await platform.close().catch(() => undefined);
  }
}

function commonServices(shared: Shared): Omit<Services, 'agent' | 'tab'> {
  return {
    site: `${shared.origin}/`,
    folders: webFolders(shared.handles),
    targets: webTargets(shared.clock),
    updates: shared.updates,
  };
}
