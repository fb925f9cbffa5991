import path from 'node:path';

import { ChildProcessDriver } from './drivers/child-process.js';
import { ProcessChannel } from './drivers/process-channel.js';
import { fromNative, invalidOption, notAvailable, spawnFailed, WorkerError } from './errors.js';
import { createLog } from './logger.js';
import { MiddlewareChain } from './middleware-chain.js';
import { connectionOptions } from './native/connection-options.js';
import { createCodec } from './payload-codec.js';
import { toDriver } from './drivers/to-driver.js';
import { JsonSerializer } from './json-serializer.js';
import { Requests, type RequestsOptions } from './requests.js';
import { resolveScript } from './script.js';
import type { Driver } from './types/driver.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type { ProcessOptions } from './types/process-options.js';
import type { WorkerClient } from './types/worker-client.js';
import type { BaseWorkerOptions, WorkerOptions } from './types/worker-options.js';
import { CONNECT_TIMEOUT_VARIABLE } from './worker-channel.js';
import { Worker } from './worker.js';

/**
 * Starts a worker and resolves when it serves.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam D - Its driver; the child process driver by default.
 * @throws `ERR_INVALID_OPTION`, `ERR_SCRIPT_NOT_FOUND`, `ERR_TYPESCRIPT_UNSUPPORTED`, `ERR_NOT_SERIALIZABLE` for the
 *   start-up data, `ERR_WORKER_SPAWN_FAILED`, `ERR_WORKER_CRASHED` when it ends before it is ready, `ERR_START_TIMEOUT`,
 *   `ERR_SERIALIZER_MISMATCH`, `ERR_PROTOCOL_MISMATCH`.
 *
 * @example
 * ```ts
 * const worker = await createWorker<Messages>({ script: new URL('./worker.js', import.meta.url) });
 * const { sum } = await worker.send('add', { a: 1, b: 2 });
 * await worker.close();
 * ```
 */
export async function createWorker<
  M extends MessageDefinitions = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
>(options: WorkerOptions<M, D>): Promise<WorkerClient<M, D>> {
  const worker = await startWorker(options as unknown as BaseWorkerOptions<MessageDefinitions, Driver>);
  return worker as unknown as WorkerClient<M, D>;
}

async function startWorker(options: BaseWorkerOptions<MessageDefinitions, Driver>): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  const script = resolveScript(options.script);
  const name = options.name ?? path.basename(script);
  if (typeof name !== 'string') throw invalidOption('name', 'a string', name);
  const driver = options.driver === undefined ? new ChildProcessDriver() : toDriver(options.driver);
  const codec = createCodec(options.serializer);
  const nativeOptions = connectionOptions(codec, options.timeout, options.maxMessageSize);
  const log = createLog(options.logger, options.logLevel, name);
  // Read before the worker names its own serializer, so always JSON.
  const startupData = createCodec(new JsonSerializer()).encode(options.startupData, 'startupData') as
    string | undefined;
  if (options.txIdGenerator !== undefined && typeof options.txIdGenerator !== 'function') {
    throw invalidOption('txIdGenerator', 'a function', options.txIdGenerator);
  }
  const requestsOptions: RequestsOptions = {
    worker: name,
    codec,
    log,
    ...MiddlewareChain.pair(options.middleware),
    txIdGenerator: options.txIdGenerator as RequestsOptions['txIdGenerator'],
  };
  const requests = new Requests(requestsOptions);
  const channel = await spawn(driver, script, options);
  let worker: Worker;
  try {
    worker = new Worker({
      name,
      capabilities: driver.capabilities,
      channel,
      requests,
      nativeOptions,
      startupData,
      log,
    });
  } catch (error) {
    channel.kill('SIGKILL');
    channel.pair.close();
    throw error instanceof WorkerError ? error : fromNative(error);
  }
  try {
    if (options.waitForReady !== false) await worker.ready;
    return worker;
  } finally {
    worker.settle();
  }
}

async function spawn(
  driver: Driver,
  script: string,
  options: BaseWorkerOptions<MessageDefinitions, Driver>,
): Promise<ProcessChannel> {
  const { execPath, execArgv, argv, env, cwd, stdio } = options;
  const shared: ProcessOptions = { execPath, execArgv, argv, env, cwd, stdio };
  const merged: ProcessOptions = { ...shared, ...(options.driverOptions as ProcessOptions | undefined) };
  const connectTimeout = typeof options.timeout === 'object' ? options.timeout.serverConnect : undefined;
  if (connectTimeout !== undefined) {
    merged.env = { ...(merged.env ?? process.env), [CONNECT_TIMEOUT_VARIABLE]: String(connectTimeout) };
  }
  let channel: unknown;
  try {
    channel = await driver.spawn(script, merged);
  } catch (error) {
    throw error instanceof WorkerError
      ? error
      : spawnFailed(`the driver "${driver.name}" cannot start a worker`, error);
  }
  if (channel instanceof ProcessChannel) return channel;
  const unused = channel as { close?: () => unknown } | null | undefined;
  await unused?.close?.();
  throw notAvailable(`the custom driver "${driver.name}"`, 'Leave `driver` out: the worker is then a child process.');
}
