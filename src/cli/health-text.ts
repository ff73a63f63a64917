import type { Health, HealthReason, HealthRisk } from '../agent/api.ts';
import { count, formatShare, printable } from './format.ts';

const REASONS: Readonly<Record<HealthReason, string>> = {
  'no-partners': 'there is no partner to hold pieces',
  'too-few-partners': 'there are too few partners',
  'packs-incomplete': 'some pieces are not at enough partners yet',
  'holders-lost-pieces': 'a partner lost pieces',
  'last-run-failed': 'the last backup did not finish',
  'files-unreadable': 'some files could not be read',
  'partners-full': 'the partners have no space left',
};

/** The one sentence on whether the files are safe. */
export function healthText(health: Health): string {
  const where = health.sameComputer
    ? ' All partners are on this computer: safe from mistakes, not from its loss.'
    : '';
  const holders = `${count(health.partners, 'partner')} ${health.partners === 1 ? 'holds' : 'hold'} it, ${health.canLose === 0 ? 'none' : `any ${health.canLose}`} can be lost.`;
  switch (health.state) {
    case 'protected':
      return `Protected: ${holders}${where}`;
    case 'saving':
      return `Saving: not all of it is safe yet.${where}`;
    case 'at-risk':
      return `At risk${health.reason === undefined ? '' : `, ${REASONS[health.reason]}`}: ${holders}${where}`;
    case 'paused':
      return `Paused: ${holders}${where}`;
    case 'empty':
      return 'Nothing is saved yet.';
    default:
      return health.state satisfies never;
  }
}

/** What else is true of it, a sentence a line, the worst first. */
export function healthDetails(health: Health): readonly string[] {
  const { state, suspects, missing, awaited, online, partners, canLose, lossPerYear, restorableNow } = health;
  if (state === 'empty') return [];
  const lines: string[] = [];
  if (suspects > 0) {
    const more = Math.max(0, canLose - suspects);
    lines.push(
      `${suspects} of ${count(partners, 'partner')} ${suspects === 1 ? 'is' : 'are'} silent or ${suspects === 1 ? 'owes' : 'owe'} a proof; ${more} more may be lost.`,
    );
  }
  if (missing > 0) {
    lines.push(
      `${count(missing, 'piece')} ${missing === 1 ? 'is' : 'are'} missing and being made again elsewhere.`,
    );
  }
  if (awaited > 0) {
    lines.push(
      `Your files are saved, and get safer still: ${count(awaited, 'more piece')} ${awaited === 1 ? 'goes' : 'go'} out ${
        online < partners ? 'when partners that are away are back' : 'within some hours'
      }.`,
    );
  }
  lines.push(...health.risks.map(riskText));
  // An agent that was opened for this command only has not looked yet.
  if (online > 0) {
    // While no more than may be lost are away, nothing can be missing.
    const restored =
      partners - online <= canLose
        ? 'everything could be restored now'
        : 'perhaps not enough to restore everything now';
    lines.push(
      `${online} of ${count(partners, 'partner')} ${online === 1 ? 'is' : 'are'} online: ${restored}.`,
    );
  }
  // What hits the one computer weighs more than all that is known of the partners on it.
  if (lossPerYear !== undefined && !health.sameComputer) {
    const all =
      restorableNow === undefined
        ? ''
        : `; at any moment ${formatShare(restorableNow)} that all can be restored`;
    lines.push(
      `By what is known of your partners so far, the chance of losing anything is ${formatChance(lossPerYear)} a year${all}.`,
    );
  }
  return lines;
}

/** Smaller chances than this are guesses about guesses. */
const SMALLEST_CHANCE = 1e-9;

/** Above this, '1 in 1' would be the rounded figure. */
const MORE_OFTEN_THAN_NOT = 0.5;

/** 0.00000093 → 'about 1 in 1,000,000', one digit: more would claim too much. */
function formatChance(chance: number): string {
  if (chance > MORE_OFTEN_THAN_NOT) return 'more than 1 in 2';
  const among = 1 / Math.min(1, Math.max(SMALLEST_CHANCE, chance));
  return `about 1 in ${Number(among.toPrecision(1)).toLocaleString('en')}`;
}

const WAYS: Readonly<Record<string, (name: string) => string>> = {
  family: (name) => `in one kind of browser or program (${name})`,
  place: () => 'in one neighbourhood',
  computer: () => 'on one computer',
  inviter: () => 'with people whom one member invited',
  account: () => 'with one member',
};

function riskText(risk: HealthRisk): string {
  if (risk.kind === 'too-few-partners') {
    return `It would be safer with ${count(risk.wanted, 'partner')} than with ${risk.partners}.`;
  }
  const [kind = '', name = ''] = risk.domain.split(':');
  const way = WAYS[kind]?.(printable(name)) ?? `in one place (${printable(risk.domain)})`;
  return `Many pieces are ${way}: what hits one may hit all.`;
}
