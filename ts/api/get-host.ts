import { WorkerError } from '../errors/worker-error.js';
import { HostClient } from '../worker/host-client.js';
import { shared } from '../worker/shared-state.js';
import type { MessageDefinitions, MessageTypes } from '../types/message-definitions.js';
import type { HostClient as Client } from '../types/host-client.js';
import { getWorkerChannel } from '../worker/find-channel.js';
import type { WorkerChannel } from '../worker/worker-channel.js';

/** The one client of a worker, shared by all copies of the package. */
export function hostClientOf(channel: WorkerChannel): HostClient {
  let client = shared.clients.get(channel);
  if (client === undefined) shared.clients.set(channel, (client = new HostClient()));
  return client;
}

/**
 * Returns the client for calls to the host, anywhere in the worker; `host` of the worker server is this client. Calls
 * before `startWorkerServer` wait for it. In a worker of a custom driver it is available after `startWorkerServer` was
 * called.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 * @throws `ERR_NOT_A_WORKER` in a program that no host started.
 *
 * @example
 * ```ts
 * const { name } = await getHost<HostMessages>().send('lookup', { id: 1 });
 * ```
 */
export function getHost<H extends MessageTypes<H> = MessageDefinitions>(): Client<H> {
  const channel = getWorkerChannel();
  if (channel === undefined) {
    throw new WorkerError(
      'ERR_NOT_A_WORKER',
      'getHost() was called in a program that is not a worker. Start its script with createWorker().',
    );
  }
  return hostClientOf(channel) as unknown as Client<H>;
}
