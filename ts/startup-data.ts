import { getWorkerChannel } from './worker-channel.js';

/**
 * What the host gave to `createWorker` as `startupData`; `undefined` if it gave none, or if this is no worker. It is
 * there as soon as the module is imported, before the server starts, whatever its size. Only with a driver of your own it
 * is there once `startWorkerServer` has resolved, and in handlers; before that it is `undefined`.
 *
 * @typeParam T - Its type, which the caller vouches for.
 * @throws `ERR_CONNECT_TIMEOUT` if the host has stopped in the middle of sending them.
 */
export function getStartupData<T = unknown>(): T {
  return getWorkerChannel()?.startupData() as T;
}
