import { writeFile } from 'node:fs/promises';
import { roost, startService } from './roost.ts';
import type { Service } from './roost.ts';
import type { Workspace } from './workspace.ts';

export interface Holder {
  readonly home: string;
  readonly device: string;
  service: Service;
}

/** A cooperative of processes: a broker, a steward that owns data, and holders that serve. */
export interface TestCooperative {
  readonly broker: Service;
  readonly url: string;
  readonly invite: string;
  readonly owner: Owner;
  readonly holders: Holder[];
}

export interface Owner {
  readonly home: string;
  readonly device: string;
  readonly account: string;
  /** a file with its twelve words */
  readonly wordsFile: string;
  readonly words: string;
}

/** Starts a broker on a free port, or on the port of one that was stopped. */
export function startTestBroker(workspace: Workspace, port = 0): Promise<Service> {
  return startService(
    workspace,
    workspace.path('broker-home'),
    'broker',
    '--port',
    String(port),
    '--data',
    workspace.path('broker'),
  );
}

/** Makes an account in a new home. */
export async function initAccount(workspace: Workspace, name: string, url: string): Promise<Owner> {
  const home = workspace.path(name);
  const { account, device, words } = await roost(home, 'init', '--broker', url);
  const wordsFile = workspace.path(`${name}.words`);
  await writeFile(wordsFile, `${words}\n`, { mode: 0o600 });
  return { home, device, account, words, wordsFile };
}

/** Makes an account that joins and serves. */
export async function startHolder(
  workspace: Workspace,
  name: string,
  url: string,
  invite: string,
  offer: string,
): Promise<Holder> {
  const { home, device } = await initAccount(workspace, name, url);
  await roost(home, 'join', invite, '--name', name);
  return { home, device, service: await startService(workspace, home, 'serve', '--offer', offer) };
}

/** A broker, an owner who founded the cooperative, and `holders` that joined by its invite and serve. */
export async function startCooperative(
  workspace: Workspace,
  holders: number,
  offer = '2GiB',
): Promise<TestCooperative> {
  const broker = await startTestBroker(workspace);
  const url: string = broker.ready['url'];
  const owner = await initAccount(workspace, 'owner', url);
  const { invite } = await roost(owner.home, 'found', 'Test cooperative', '--name', 'Owner');
  const started: Holder[] = [];
  // Two at a time: each is a process that starts from source.
  for (let at = 0; at < holders; at += 2) {
    const names = [at + 1, at + 2].filter((number) => number <= holders).map((number) => `holder-${number}`);
    started.push(
      ...(await Promise.all(names.map((name) => startHolder(workspace, name, url, invite, offer)))),
    );
  }
  return { broker, url, invite, owner, holders: started };
}
