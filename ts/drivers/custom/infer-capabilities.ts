import { invalidOption } from '../../errors/worker-error.js';
import type { DriverChannel, DriverServerChannel, InferredCapabilities } from '../../types/driver.js';

/** The inference of `defineWorkerDriver`; it refuses anything that is not a driver. */
export function inferCapabilities<T>(definition: object): InferredCapabilities<T> {
  const { name, spawn, createServer, disconnect, reconnect, sharedMemory } = definition as Definition;
  if (typeof name !== 'string' || name === '') throw invalidOption('name', 'a non-empty string', name);
  if (typeof spawn !== 'function') throw invalidOption('spawn', 'a function', spawn);
  for (const [member, value] of Object.entries({ createServer, disconnect, reconnect })) {
    if (value !== undefined && typeof value !== 'function') throw invalidOption(member, 'a function', value);
  }
  if ((disconnect === undefined) !== (reconnect === undefined)) {
    const missing = disconnect === undefined ? 'disconnect' : 'reconnect';
    throw invalidOption(missing, 'a function: `disconnect` and `reconnect` need each other', undefined);
  }
  const capabilities = {
    reconnect: reconnect !== undefined,
    detach: false,
    sharedMemory: sharedMemory === true,
  };
  return capabilities as InferredCapabilities<T>;
}

/** The argument of a caller without types. */
interface Definition {
  readonly name?: unknown;
  readonly spawn?: (script: string, options: never) => Promise<DriverChannel>;
  readonly createServer?: () => DriverServerChannel | Promise<DriverServerChannel>;
  readonly disconnect?: unknown;
  readonly reconnect?: unknown;
  readonly sharedMemory?: unknown;
}
