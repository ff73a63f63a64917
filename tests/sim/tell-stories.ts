import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Story, StoryResult } from './story.ts';

export interface TellOptions {
  readonly seed: string;
  /** where plots go */
  readonly out: string;
  /** ends with the first story in which a law does not hold */
  readonly bail: boolean;
}

function print({ table, traceHash, failures }: StoryResult): void {
  const width = Math.max(...table.rows.map(([name]) => name.length));
  console.log(`${table.title}\n  trace ${traceHash}`);
  for (const [name, value] of table.rows) console.log(`  ${name.padEnd(width)}  ${value}`);
  for (const reason of failures) console.log(`  - ${reason}`);
}

/** Tells stories one after another and prints what came of each. @returns the exit code: 0 when all laws held */
export async function tellStories(
  stories: readonly Story[],
  { seed, out, bail }: TellOptions,
): Promise<number> {
  // What an agent lets fail unheard would end a real program.
  const unheard: string[] = [];
  const hear = (reason: unknown): void => {
    unheard.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  };
  process.on('unhandledRejection', hear);
  let failed = 0;
  mkdirSync(out, { recursive: true });
  for (const story of stories) {
    console.log(`\n[${story.name}]`);
    const result = await story.tell(seed);
    print(result);
    for (const [name, svg] of result.plots ?? []) writeFileSync(join(out, name), svg);
    failed += result.failures.length;
    if (bail && failed > 0) break;
  }
  process.off('unhandledRejection', hear);
  for (const reason of unheard) console.log(`  - a rejection that nobody heard: ${reason}`);
  return failed + unheard.length > 0 ? 1 : 0;
}
