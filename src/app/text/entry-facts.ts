/** What an entry's details mean in words: numbers and texts by name, a partner by its device. */
export interface EntryFacts {
  number(name: string): number;
  size(name: string): string;
  word(name: string): string;
  partner(): string;
  /** the title of the fault it ended with, or nothing */
  fault(): string;
}
