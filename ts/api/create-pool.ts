import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { Driver } from '../types/driver.js';
import type { MessageDefinitions, MessageTypes } from '../types/message-definitions.js';
import type {
  CheckedMessages,
  HandledMessagesOf,
  MessageSchemas,
  MessagesOf,
  UncheckedMessages,
} from '../types/message-schemas.js';
import type { PoolOptions } from '../types/pool-options.js';
import type { WorkerPool } from '../types/worker-pool.js';

/**
 * Starts a pool: workers that share requests. Resolves when `minWorkers` of them serve. It takes the options of `createWorker`,
 * whatever the driver, and has the calls of a worker.
 *
 * @typeParam M - The messages, made with `DefineMessages`, or `MessagesFrom` the worker's handlers.
 * @typeParam D - The driver; the child process driver by default.
 * @typeParam H - What the workers ask this host, made with `DefineMessages`.
 * @throws `ERR_INVALID_OPTION`, and what `createWorker` throws where the first workers cannot start.
 *
 * @example
 * ```ts
 * const pool = await createPool<Messages>({ script: new URL('./worker.js', import.meta.url) });
 * const pages = await Promise.all(files.map((file) => pool.send('render', file)));
 * await pool.close();
 * ```
 */
export function createPool<
  T extends MessageSchemas,
  D extends Driver = ChildProcessDriver,
  U extends MessageSchemas = MessageSchemas,
>(
  options: PoolOptions<MessagesOf<T>, D, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerPool<MessagesOf<T>, D>>;
export function createPool<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: PoolOptions<M, D, H> & UncheckedMessages): Promise<WorkerPool<M, D>>;
export async function createPool(options: object): Promise<unknown> {
  const { startPool } = await import('../pool/pool.js');
  return startPool(options as Parameters<typeof startPool>[0]);
}
