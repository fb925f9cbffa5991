import { withCaller } from '../errors/caller.js';
import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { AttachOrCreateOptions } from '../types/attach-options.js';
import type { MessageDefinitions, MessageTypes } from '../types/message-definitions.js';
import type {
  CheckedMessages,
  HandledMessagesOf,
  MessageSchemas,
  MessagesOf,
  UncheckedMessages,
} from '../types/message-schemas.js';
import type { WorkerClient } from '../types/worker-client.js';

/**
 * Connects to the detached worker of a name, or starts it where there is none. Of several hosts that call this at once, one
 * starts the worker. While another host is connected, the call waits for its leaving, for at most `timeout.startup`.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam H - Messages from the worker to this host, made with `DefineMessages`.
 * @throws The errors of `attachWorker` and `createWorker`; `ERR_WORKER_OCCUPIED` where the other host has not left in time.
 *
 * @example
 * ```ts
 * const worker = await attachOrCreate<Messages>({ name: 'indexer', script: new URL('./indexer.js', import.meta.url) });
 * console.log(await worker.send('count'));
 * await worker.disconnect();
 * ```
 */
export function attachOrCreate<T extends MessageSchemas, U extends MessageSchemas = MessageSchemas>(
  options: AttachOrCreateOptions<MessagesOf<T>, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerClient<MessagesOf<T>, ChildProcessDriver, HandledMessagesOf<U>>>;
export function attachOrCreate<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: AttachOrCreateOptions<M, H> & UncheckedMessages): Promise<WorkerClient<M, ChildProcessDriver, H>>;
export async function attachOrCreate(options: object): Promise<unknown> {
  const caller = {};
  Error.captureStackTrace?.(caller, attachOrCreate);
  const { attachOrStart } = await import('../host/attach-or-create.js');
  return attachOrStart(options as never).catch(withCaller(caller));
}
