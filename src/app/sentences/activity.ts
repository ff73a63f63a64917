import type { ActivityEntry, PartnerView } from '../../agent/api.ts';
import type { EntryFacts } from '../text/entry-facts.ts';
import { formatBytes } from '../text/format.ts';
import { text } from '../text/text.ts';
import { isFault } from './is-fault.ts';

type Details = ActivityEntry['details'];

function factsOf(details: Details, partners: readonly PartnerView[]): EntryFacts {
  const number = (name: string): number => {
    const value = details[name];
    return typeof value === 'number' ? value : 0;
  };
  return {
    number,
    size: (name) => formatBytes(number(name)),
    word: (name) => String(details[name] ?? ''),
    partner: () =>
      partners.find(({ device }) => device === details['device'])?.name || text.activity.somePartner,
    fault: () => {
      const fault = details['fault'];
      return isFault(fault) ? text.faults[fault].title : '';
    },
  };
}

/** One entry of the log as a sentence. An event that has no words yet is told by its name, never hidden. */
export function activitySentence(entry: ActivityEntry, partners: readonly PartnerView[]): string {
  const sentence = text.activity.events[entry.event];
  return sentence === undefined
    ? text.activity.other(entry.event.replaceAll('-', ' '))
    : sentence(factsOf(entry.details, partners));
}
