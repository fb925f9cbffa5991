import type { AnyHandler } from '../connection/handler.js';
import { invalidOption } from '../errors/worker-error.js';

/** Only own properties are handlers: no message can reach an inherited name. */
export function handlerNames(handlers: object): string[] {
  const names = Object.keys(handlers);
  for (const name of names) {
    const handler = (handlers as Record<string, AnyHandler>)[name];
    if (typeof handler !== 'function') throw invalidOption(`the handler "${name}"`, 'a function', handler);
  }
  return names;
}
