import { inferCapabilities } from './infer-capabilities.js';
import type { InferredCapabilities, WorkerDriverDefinition } from '../../types/driver.js';

/**
 * Turns an object literal into a driver. Its capabilities follow from its members: `reconnect` from the methods
 * `disconnect` and `reconnect`, `sharedMemory` from the flag. Inside its methods `this` is the driver.
 *
 * @param definition - The driver without its `capabilities`.
 * @throws `ERR_INVALID_OPTION` if the name or `spawn` is missing, or one of `disconnect` and `reconnect`.
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
  return Object.assign(definition, { capabilities: inferCapabilities<T>(definition) });
}
