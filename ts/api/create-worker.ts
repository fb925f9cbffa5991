import { withCaller } from '../errors/caller.js';
import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { InProcessDriver } from '../drivers/in-process/driver.js';
import type { WorkerThreadsDriver } from '../drivers/thread/driver.js';
import type { Driver, DriverValue } from '../types/driver.js';
import type { MessageDefinitions, MessageTypes } from '../types/message-definitions.js';
import type {
  CheckedMessages,
  HandledMessagesOf,
  MessageSchemas,
  MessagesOf,
  UncheckedMessages,
} from '../types/message-schemas.js';
import type { WorkerClient } from '../types/worker-client.js';
import type { BaseWorkerOptions, WorkerOptions } from '../types/worker-options.js';

/**
 * Starts a worker and resolves when it serves.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam D - Its driver; the child process driver by default. Where `M` alone is given, that of the option `driver`, if it is one of
 *   the library's; a driver of your own is named here, too.
 * @typeParam H - What the worker asks this host, made with `DefineMessages`.
 * @throws `ERR_INVALID_OPTION`, `ERR_SCRIPT_NOT_FOUND`, `ERR_TYPESCRIPT_UNSUPPORTED`, `ERR_NOT_SERIALIZABLE` for the
 *   start-up data, `ERR_WORKER_SPAWN_FAILED`, `ERR_DRIVER_FAILED`, `ERR_UNSUPPORTED_BY_DRIVER`, `ERR_WORKER_CRASHED` when it
 *   ends before it is ready, `ERR_START_TIMEOUT`, `ERR_SERIALIZER_MISMATCH`, `ERR_PROTOCOL_MISMATCH`.
 *
 * @example
 * ```ts
 * const worker = await createWorker<Messages>({ script: new URL('./worker.js', import.meta.url) });
 * const { sum } = await worker.send('add', { a: 1, b: 2 });
 * await worker.close();
 * ```
 */
export function createWorker<
  T extends MessageSchemas,
  D extends Driver = ChildProcessDriver,
  U extends MessageSchemas = MessageSchemas,
>(
  options: WorkerOptions<MessagesOf<T>, D, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerClient<MessagesOf<T>, D, HandledMessagesOf<U>>>;
export function createWorker<M extends MessageTypes<M> = MessageDefinitions>(
  options: BaseWorkerOptions<M, WorkerThreadsDriver> & UncheckedMessages & { driver: DriverValue<WorkerThreadsDriver> },
): Promise<WorkerClient<M, WorkerThreadsDriver>>;
export function createWorker<M extends MessageTypes<M> = MessageDefinitions>(
  options: BaseWorkerOptions<M, InProcessDriver> & UncheckedMessages & { driver: DriverValue<InProcessDriver> },
): Promise<WorkerClient<M, InProcessDriver>>;
export function createWorker<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: WorkerOptions<M, D, H> & UncheckedMessages): Promise<WorkerClient<M, D, H>>;
export async function createWorker(options: object): Promise<unknown> {
  const caller = {};
  Error.captureStackTrace?.(caller, createWorker);
  // What only a host needs is loaded here: a worker, which imports the same package, starts faster.
  const { startWorker } = await import('../host/start-worker.js');
  return startWorker(options as BaseWorkerOptions<MessageDefinitions, Driver>).catch(withCaller(caller));
}
