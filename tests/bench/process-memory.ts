import { readFile, readdir } from 'node:fs/promises';

const SAMPLE_MS = 200;
const MB = 1e6;

/** Memory that a process has to itself or shares by intention, in bytes: no program code, no cached files. 0 when it has ended. */
async function ownBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024;
}

/** Follows the memory of processes while they work. */
export class MemoryWatch {
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  /** @param processes asked again at each sample, because a browser starts and ends its own */
  constructor(processes: () => Promise<readonly number[]>) {
    let sampling = false;
    this.#timer = setInterval(() => {
      if (sampling) return;
      sampling = true;
      void processes()
        .then((pids) => Promise.all(pids.map(ownBytes)))
        .then((sizes) => {
          this.#peak = Math.max(
            this.#peak,
            sizes.reduce((sum, bytes) => sum + bytes, 0),
          );
        })
        .finally(() => (sampling = false));
    }, SAMPLE_MS);
  }

  /** @returns the most memory seen at once, in MB */
  stop(): number {
    clearInterval(this.#timer);
    return this.#peak / MB;
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

async function allProcesses(): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [stat, command] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile(`/proc/${pid}/cmdline`, 'utf8'),
      ]).catch(() => ['', '']);
      // The name in brackets may hold anything; the parent is the second field after it.
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
      return { pid, parent, command: command.replaceAll('\0', ' ') };
    }),
  );
  return found.filter(({ command }) => command !== '');
}

/** All processes of a Chromium with this profile. */
export async function processesOf(profile: string): Promise<readonly Process[]> {
  const all = await allProcesses();
  const below = new Set(
    all.filter(({ command }) => command.includes(`--user-data-dir=${profile}`)).map(({ pid }) => pid),
  );
  for (let size = -1; size < below.size;) {
    size = below.size;
    for (const { pid, parent } of all) if (below.has(parent)) below.add(pid);
  }
  return all.filter(({ pid }) => below.has(pid));
}

/**
 * Processes in which a Chromium with this profile runs a page that has workers. It keeps others, too: a spare one for the next page, and
 * that of the page it began with.
 */
export async function pagesWithWorkers(profile: string): Promise<readonly number[]> {
  const renderers = (await processesOf(profile)).filter(({ command }) => command.includes('--type=renderer'));
  const withWorkers = await Promise.all(
    renderers.map(async ({ pid }) => ((await hasWorkers(pid)) ? [pid] : [])),
  );
  return withWorkers.flat();
}

async function hasWorkers(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const names = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/comm`, 'utf8').catch(() => '')),
  );
  return names.some((name) => name.startsWith('DedicatedWorker'));
}
