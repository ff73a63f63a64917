import type { ActivityEntry, PartnerView } from '../../agent/api.ts';
import type { EntryFacts } from '../text/entry-facts.ts';
import { formatBytes, formatDate } from '../text/format.ts';
import { text } from '../text/text.ts';
import { isFault } from './is-fault.ts';

/** An id tells people nothing. */
const ID = /^[0-9a-f]{32,64}$/;

function factsOf({ details, at }: ActivityEntry, partners: readonly PartnerView[]): EntryFacts {
  const number = (name: string): number => {
    const value = details[name];
    return typeof value === 'number' ? value : 0;
  };
  const word = (name: string): string => String(details[name] ?? '');
  const known = (id: string): string | undefined =>
    partners.find(({ device, account }) => device === id || account === id)?.name || undefined;
  const who = (name: string): string => {
    const value = word(name);
    return known(value) ?? (value === '' || ID.test(value) ? text.activity.somePartner : value);
  };
  return {
    number,
    word,
    who,
    size: (name) => formatBytes(number(name)),
    // Who is a partner no more is told by the name it had then.
    partner: () => known(word('device')) ?? who('name'),
    day: (name) => (number(name) > 0 ? formatDate(number(name), at) : undefined),
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
    : sentence(factsOf(entry, partners));
}
