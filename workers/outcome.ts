import type { Fault } from '../src/core/errors.ts';
import { faultOf, messageOf } from '../src/core/errors.ts';

/** How a call into a worker ended. Comlink would reduce an error to its message, and with it lose the fault. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: Fault; readonly message: string };

/** Runs a call and tells its outcome; never rejects. */
export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    return { ok: false, fault: faultOf(error), message: messageOf(error) };
  }
}
