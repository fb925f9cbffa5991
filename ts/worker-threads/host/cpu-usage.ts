import { invalidType, outOfRange } from '../errors.js';

/** Checks the argument of `cpuUsage`, with Node's errors. */
export function checkCpuUsage(previous: unknown): void {
  if (!previous) return;
  if (typeof previous !== 'object' || Array.isArray(previous)) throw invalidType('prev', 'of type object', previous);
  for (const name of ['user', 'system'] as const) {
    const value = (previous as Record<string, unknown>)[name];
    if (typeof value !== 'number') throw invalidType(`prev.${name}`, 'of type number', value);
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
      throw outOfRange(`prev.${name}`, `>= 0 && <= ${Number.MAX_SAFE_INTEGER}`, value);
    }
  }
}
