/** Why a partner is in its state. */
export interface ToldReason {
  /** '' when there is none */
  readonly code: string;
  /** milliseconds since 1970; undefined where no time belongs to it */
  readonly at: number | undefined;
}

/** Reads a reason as a partner's view tells it: a code, and where it matters a time, `silent:1760000000000`. */
export function parseToldReason(told: string | undefined): ToldReason {
  const [code = '', time = ''] = (told ?? '').split(':');
  const at = Number(time);
  return { code, at: time !== '' && Number.isFinite(at) ? at : undefined };
}
