import type { Command } from './command.ts';
import { backup } from './commands/backup.ts';
import { broker } from './commands/broker.ts';
import { check } from './commands/check.ts';
import { delegate } from './commands/delegate.ts';
import { diff } from './commands/diff.ts';
import { find } from './commands/find.ts';
import { forget } from './commands/forget.ts';
import { found } from './commands/found.ts';
import { init } from './commands/init.ts';
import { invite } from './commands/invite.ts';
import { join } from './commands/join.ts';
import { limit } from './commands/limit.ts';
import { listSnapshots } from './commands/list-snapshots.ts';
import { ls } from './commands/ls.ts';
import { partners } from './commands/partners.ts';
import { restore } from './commands/restore.ts';
import { serve } from './commands/serve.ts';
import { sheet } from './commands/sheet.ts';
import { status } from './commands/status.ts';

/** In the order `roost help` shows them. */
export const COMMANDS: readonly Command[] = [
  init,
  found,
  join,
  invite,
  serve,
  limit,
  backup,
  listSnapshots,
  ls,
  diff,
  find,
  restore,
  check,
  status,
  partners,
  delegate,
  sheet,
  forget,
  broker,
];

const GLOBAL_USAGE = `  --home DIR   state of this device (or ROOST_HOME; ~/.roost)
  --json       one JSON object a line, the last one is the result

roost --version tells the version.`;

/** What `roost help` prints. */
export function helpText(): string {
  const lines = COMMANDS.map(
    ({ name, usage, summary }) => `  roost ${`${name} ${usage}`.trimEnd()}\n      ${summary}`,
  );
  return [
    'Roost: backup that friends keep for each other.',
    '',
    ...lines,
    '',
    'With every command:',
    GLOBAL_USAGE,
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done with some paths unreadable, 4 not enough partners reachable.',
  ].join('\n');
}
