import type { Log } from '../logging/logger.js';
import { nextTick } from '../util/primordials.js';

/** `1`, as in the library's own tests: an illegal transition is an uncaught exception. */
const VARIABLE = 'ISOLATED_WORKERS_ASSERT';

/** Reports a transition between states that the library's own code must never make: a bug, which the state survives. */
export function illegalTransition(log: Log, from: string, to: string): void {
  const error = new Error(`a worker that is ${from} cannot become ${to}: this is a bug of isolated-workers`);
  log('error', error.message, error);
  if (process.env[VARIABLE] !== '1') return;
  nextTick(() => {
    throw error;
  });
}
