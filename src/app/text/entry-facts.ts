/** What an entry's details mean in words: numbers and texts by name, a partner by its device. */
export interface EntryFacts {
  number(name: string): number;
  size(name: string): string;
  word(name: string): string;
  /** the partner that the entry is about */
  partner(): string;
  /** the partner whose device a detail names */
  who(name: string): string;
  /** the day of a detail in milliseconds since 1970; undefined when it has none */
  day(name: string): string | undefined;
  /** the title of the fault it ended with, or nothing */
  fault(): string;
}
