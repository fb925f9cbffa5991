import type { EscalateOptions } from '../types/escalate-options.js';
import { clearTimeout, setTimeout } from '../util/primordials.js';

/**
 * Ends a worker that does not heed a cancellation.
 *
 * @param ended - Settles when the handler has ended, or the worker.
 */
export function escalate(
  { terminateAfter, killAfter }: EscalateOptions,
  ended: Promise<unknown>,
  kill: (signal: 'SIGTERM' | 'SIGKILL') => void,
): void {
  const timers: NodeJS.Timeout[] = [];
  const plan = (millis: number | undefined, signal: 'SIGTERM' | 'SIGKILL') => {
    if (millis !== undefined && millis < 2 ** 31) timers.push(setTimeout(kill, millis, signal));
  };
  plan(terminateAfter, 'SIGTERM');
  plan(killAfter, 'SIGKILL');
  const stop = () => timers.forEach(clearTimeout);
  ended.then(stop, stop);
}
