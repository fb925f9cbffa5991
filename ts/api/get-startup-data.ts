import { getWorkerChannel } from '../worker/find-channel.js';

/**
 * Returns the `startupData` of `createWorker`; `undefined` without any, and in a program that is not a worker. The data
 * are available as soon as the module is imported, before the server starts, whatever their size. With a custom driver
 * they are available after `startWorkerServer` has resolved, and in handlers; before that this returns `undefined`.
 *
 * @typeParam T - Their type, which the caller guarantees.
 * @throws `ERR_CONNECT_TIMEOUT` if the host stops while it sends them.
 */
export function getStartupData<T = unknown>(): T {
  return getWorkerChannel()?.startupData() as T;
}
