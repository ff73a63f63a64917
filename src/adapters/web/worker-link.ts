import type { Remote } from 'comlink';
import { releaseProxy, wrap } from 'comlink';
import type { Lifeline } from '../../../workers/lifeline.ts';
import type { Outcome } from '../../../workers/outcome.ts';
import { RoostError, messageOf } from '../../core/errors.ts';

/** Loading its script and asking for a lock. */
const START_TIMEOUT_MS = 60_000;

/** One dedicated worker and the calls under way in it. */
export interface WorkerLink<Api extends Lifeline> {
  /**
   * Calls into the worker.
   * @throws RoostError the worker's fault; 'internal' when the worker died before it answered
   */
  call<T>(run: (remote: Remote<Api>) => Promise<Outcome<T>>): Promise<T>;
  /** Called once when the worker died by itself, after its calls were rejected. */
  onDeath(handler: () => void): void;
  /** Ends the worker; calls under way reject with 'aborted'. */
  close(): void;
}

/** Takes over a worker just made. */
export function linkWorker<Api extends Lifeline>(worker: Worker, name: string): WorkerLink<Api> {
  const remote = wrap<Api>(worker);
  const lifeline = `${name}-${crypto.randomUUID()}`;
  const ended = new AbortController();
  const rejects = new Set<(error: RoostError) => void>();
  let over: RoostError | undefined;
  let onDeath: (() => void) | undefined;

  const end = (error: RoostError): void => {
    if (over !== undefined) return;
    over = error;
    clearTimeout(startTimer);
    ended.abort();
    worker.terminate();
    for (const reject of rejects) reject(error);
    rejects.clear();
    if (error.fault === 'internal') onDeath?.();
  };
  const die = (reason: string): void => end(new RoostError('internal', `worker ${name} died: ${reason}`));

  worker.addEventListener('error', (event) => {
    event.preventDefault();
    die(event.message || 'its script could not be loaded');
  });
  worker.addEventListener('messageerror', () => die('a message could not be read'));
  // Comlink's types lose the method of a generic interface, which Api extends.
  const held = (remote as unknown as Lifeline).holdLifeline(lifeline);
  const startTimer = setTimeout(
    () => die(`it did not start within ${START_TIMEOUT_MS} ms`),
    START_TIMEOUT_MS,
  );
  held
    .then(() => {
      clearTimeout(startTimer);
      return navigator.locks.request(lifeline, { signal: ended.signal }, () => die('it ended by itself'));
    })
    .catch((error: unknown) => die(messageOf(error)));

  return {
    call<T>(run: (remote: Remote<Api>) => Promise<Outcome<T>>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (over !== undefined) {
          reject(over);
          return;
        }
        rejects.add(reject);
        // Not before the lifeline is held: a worker that died earlier would not be missed.
        held
          .then(() => run(remote))
          .then(
            (outcome) => {
              if (outcome.ok) resolve(outcome.value);
              else reject(new RoostError(outcome.fault, outcome.message));
            },
            (error: unknown) => {
              reject(
                new RoostError('internal', `call into worker ${name}: ${messageOf(error)}`, { cause: error }),
              );
            },
          )
          .finally(() => rejects.delete(reject));
      });
    },
    onDeath(handler) {
      onDeath = handler;
    },
    close() {
      if (over !== undefined) return;
      remote[releaseProxy]();
      end(new RoostError('aborted', `worker ${name} was closed`));
    },
  };
}
