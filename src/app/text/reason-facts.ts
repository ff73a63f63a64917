/** What belongs to the reason of a partner's state, in words. */
export interface ReasonFacts {
  /** to stand after "since"; undefined where the time is not known */
  readonly since: string | undefined;
  /** the day that the reason names */
  readonly day: string | undefined;
  /** when it is replaced unless it does what it owes: "on December 4", "soon" */
  readonly replaced: string | undefined;
  /** whether it holds anything of ours */
  readonly holds: boolean;
}
