import { WorkerError } from './errors.js';
import { HostClient } from './host-client.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type { HostClient as Client } from './types/host-client.js';
import { getWorkerChannel, type WorkerChannel } from './worker-channel.js';

const clients = new WeakMap<WorkerChannel, HostClient>();

/** The one client of a worker. */
export function hostClientOf(channel: WorkerChannel): HostClient {
  let client = clients.get(channel);
  if (client === undefined) clients.set(channel, (client = new HostClient()));
  return client;
}

/**
 * Gives what a worker asks its host with, anywhere in the worker; the same as `host` of the worker server. What is sent
 * before `startWorkerServer` is called waits for it. In a worker of a driver of your own it is there once
 * `startWorkerServer` was called.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 * @throws `ERR_NOT_A_WORKER` in a program that no host has started.
 *
 * @example
 * ```ts
 * const { name } = await getHost<HostMessages>().send('lookup', { id: 1 });
 * ```
 */
export function getHost<H extends MessageDefinitions = MessageDefinitions>(): Client<H> {
  const channel = getWorkerChannel();
  if (channel === undefined) {
    throw new WorkerError(
      'ERR_NOT_A_WORKER',
      'getHost() was called in a program that is no worker. Start its script with createWorker().',
    );
  }
  return hostClientOf(channel) as unknown as Client<H>;
}
