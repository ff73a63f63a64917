/**
 * What went wrong, as a closed list: the app maps each to a sentence with a next step, the command line to an exit code.
 */
export type Fault =
  /** bytes, a tag, a signature or a hash do not fit: somebody changed them or the disk rotted */
  | 'corrupt'
  /** a message or record breaks its schema or a bound */
  | 'malformed'
  /** fewer pieces or partners are reachable than are needed */
  | 'too-few'
  /** the named thing is not there */
  | 'not-found'
  /** the other side, the roster or a rule refuses this */
  | 'refused'
  /** the words are not a recovery phrase (checksum), or belong to nobody in this cooperative */
  | 'wrong-words'
  /** an invite is expired, used up, revoked or damaged */
  | 'bad-invite'
  /** a device or broker does not answer */
  | 'unreachable'
  /** no answer within the time allowed */
  | 'timeout'
  /** a disk or an agreed space is full */
  | 'full'
  /** the operating system or the browser forbids access */
  | 'denied'
  /** the platform lacks what is needed (secure context, OPFS, WebRTC) */
  | 'unsupported'
  /** called with arguments that cannot be: a mistake of the caller or of the user's command line */
  | 'usage'
  /** another tab or process holds the state */
  | 'busy'
  /** stopped on purpose */
  | 'aborted'
  /** a mistake in this program */
  | 'internal';

/** The one error class. `message` says what, expected and got; it never holds a secret. */
export class RoostError extends Error {
  readonly fault: Fault;
  constructor(fault: Fault, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RoostError';
    this.fault = fault;
  }
}

/** What came of asking a partner, and of nothing that happened here: it answered with a fault, not in time, or its session ended. */
export class PartnerError extends RoostError {
  constructor(fault: Fault, message: string, options?: { cause?: unknown }) {
    super(fault, message, options);
    this.name = 'PartnerError';
  }
}

/** The fault of any caught value; foreign errors count as 'internal' unless they are an abort. */
export function faultOf(error: unknown): Fault {
  if (error instanceof RoostError) return error.fault;
  if (error instanceof Error && error.name === 'AbortError') return 'aborted';
  return 'internal';
}

/** The message of any caught value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
