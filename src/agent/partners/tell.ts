import type { ActivityEntry } from '../api.ts';

/** Puts a line into the activity log. */
export type Tell = (
  event: string,
  details: Readonly<Record<string, string | number>>,
  level?: ActivityEntry['level'],
) => void;
