import { invalidOption } from '../errors.js';
import type {
  DriverChannel,
  DriverServerChannel,
  InferredCapabilities,
  WorkerDriverDefinition,
} from '../types/driver.js';

/**
 * Makes a driver of an object literal. What it can do is inferred from the members it has: `reconnect` from the
 * methods `disconnect` and `reconnect`, `sharedMemory` from the flag. Inside its methods `this` is the driver.
 *
 * @param definition - The driver without its `capabilities`.
 * @throws `ERR_INVALID_OPTION` where the name or `spawn` is missing, or one of `disconnect` and `reconnect`.
 *
 * @example
 * ```ts
 * const driver = defineWorkerDriver({
 *   name: 'tcp',
 *   async spawn(script: string, options: { port?: number }) {
 *     return connectTo(script, options.port);
 *   },
 * });
 * const worker = await createWorker({ script: './worker.js', driver, driverOptions: { port: 7000 } });
 * ```
 */
export function defineWorkerDriver<const T extends WorkerDriverDefinition>(
  definition: T & ThisType<T & { readonly capabilities: InferredCapabilities<T> }>,
): T & { readonly capabilities: InferredCapabilities<T> } {
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
  return Object.assign(definition, { capabilities: capabilities as InferredCapabilities<T> });
}

/** As a caller without types may have it. */
interface Definition {
  readonly name?: unknown;
  readonly spawn?: (script: string, options: never) => Promise<DriverChannel>;
  readonly createServer?: () => DriverServerChannel | Promise<DriverServerChannel>;
  readonly disconnect?: unknown;
  readonly reconnect?: unknown;
  readonly sharedMemory?: unknown;
}
