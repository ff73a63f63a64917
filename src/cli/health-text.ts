import type { Health } from '../agent/api.ts';
import { count } from './format.ts';

/** The one sentence on whether the files are safe. */
export function healthText(health: Health): string {
  const where = health.sameComputer
    ? ' All partners are on this computer: safe from mistakes, not from its loss.'
    : '';
  const holders = `${count(health.partners, 'partner')} ${health.partners === 1 ? 'holds' : 'hold'} it, any ${health.canLose} can be lost.`;
  switch (health.state) {
    case 'protected':
      return `Protected: ${holders}${where}`;
    case 'saving':
      return `Saving: not all of it is safe yet.${where}`;
    case 'at-risk':
      return `At risk${health.reason === undefined ? '' : ` (${health.reason})`}: ${holders}${where}`;
    case 'paused':
      return `Paused: ${holders}${where}`;
    case 'empty':
      return 'Nothing is saved yet.';
    default:
      return health.state satisfies never;
  }
}
