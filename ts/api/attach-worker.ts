import { withCaller } from '../errors/caller.js';
import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { AttachOptions } from '../types/attach-options.js';
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
 * Connects to a running detached worker that another host has started; it keeps its state.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam H - Messages from the worker to this host, made with `DefineMessages`.
 * @throws `ERR_NO_SUCH_WORKER`, `ERR_WORKER_OCCUPIED` while another host is connected, `ERR_ATTACH_REFUSED`,
 *   `ERR_START_TIMEOUT` if it does not answer, `ERR_SERIALIZER_MISMATCH`, `ERR_INVALID_OPTION`.
 *
 * @example
 * ```ts
 * const worker = await attachWorker<Messages>({ name: 'indexer' });
 * console.log(await worker.send('count'));
 * await worker.disconnect();
 * ```
 */
export function attachWorker<T extends MessageSchemas, U extends MessageSchemas = MessageSchemas>(
  options: AttachOptions<MessagesOf<T>, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerClient<MessagesOf<T>, ChildProcessDriver, HandledMessagesOf<U>>>;
export function attachWorker<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: AttachOptions<M, H> & UncheckedMessages): Promise<WorkerClient<M, ChildProcessDriver, H>>;
export async function attachWorker(options: AttachOptions): Promise<unknown> {
  const caller = {};
  Error.captureStackTrace?.(caller, attachWorker);
  const { attach } = await import('../host/attach.js');
  return attach(options).catch(withCaller(caller));
}
