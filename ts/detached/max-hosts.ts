import { invalidOption } from '../errors/worker-error.js';

/** The option `maxHosts`. */
export function checkMaxHosts(maxHosts: unknown): number {
  if (maxHosts === Infinity || (Number.isSafeInteger(maxHosts) && (maxHosts as number) >= 1)) return maxHosts as number;
  throw invalidOption('maxHosts', 'a whole number, 1 or more, or Infinity', maxHosts);
}
