import { readFile } from 'node:fs/promises';
import { processesOf } from './process-memory.ts';

/** Clock ticks of /proc/PID/stat, the same on all Linux systems. */
const TICKS_A_SECOND = 100;

/** Seconds of the processor that all processes of a Chromium with this profile have taken until now. */
export async function cpuSecondsOf(profile: string): Promise<number> {
  const pids = (await processesOf(profile)).map(({ pid }) => pid);
  const ticks = await Promise.all(pids.map(ticksOf));
  return ticks.reduce((sum, own) => sum + own, 0) / TICKS_A_SECOND;
}

/** User and system time of a process and of its children that have ended. */
async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in brackets may hold anything; times are the 12th to 15th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}
