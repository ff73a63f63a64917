import { isForThisComputer } from '../core/roster/invite.ts';
import type { Output } from './output.ts';

/** Says so of a link that nobody else can use. */
export function noteOwnComputer(invite: string, output: Output): void {
  if (!isForThisComputer(invite)) return;
  output.note(
    "This link opens on this computer only, because the broker is known by the computer's own address. docs/broker.md tells how others reach it.",
  );
}
