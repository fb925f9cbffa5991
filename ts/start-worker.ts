import path from 'node:path';

import { ChildProcessDriver } from './drivers/child-process.js';
import { CustomChannel } from './drivers/custom-channel.js';
import type { HostChannel } from './drivers/host-channel.js';
import { InProcessDriver } from './drivers/in-process.js';
import { WorkerThreadsDriver } from './drivers/worker-threads.js';
import { fromNative, invalidOption, spawnFailed, unsupportedByDriver, WorkerError } from './errors.js';
import { Incarnation } from './incarnation.js';
import { createLog } from './logger.js';
import { MiddlewareChain } from './middleware-chain.js';
import { checkTimeout, connectionOptions, messageTimeoutOf } from './native/connection-options.js';
import { createCodec, createValueCodec, type PayloadCodec } from './payload-codec.js';
import { checkEnd, toDriver } from './drivers/to-driver.js';
import { JsonSerializer } from './json-serializer.js';
import { tellOutput } from './output-lines.js';
import { Requests, type RequestsOptions } from './requests.js';
import { RetryPolicy } from './retries.js';
import { resolveScript } from './script.js';
import type { CoreChannel, Driver, DriverChannel } from './types/driver.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type { ProcessOptions } from './types/process-options.js';
import type { ThreadOptions } from './types/thread-options.js';
import type { BaseWorkerOptions } from './types/worker-options.js';
import { CONNECT_TIMEOUT_VARIABLE } from './native/process-worker-channel.js';
import { Worker } from './worker.js';

/** What `createWorker` does. */
export async function startWorker(options: BaseWorkerOptions<MessageDefinitions, Driver>): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  const driver = options.driver === undefined ? new ChildProcessDriver() : toDriver(options.driver);
  const isSource = driver instanceof WorkerThreadsDriver && (options.driverOptions as ThreadOptions)?.eval === true;
  const script = isSource ? String(options.script) : resolveScript(options.script);
  const name = options.name ?? (isSource ? 'eval' : path.basename(script));
  if (typeof name !== 'string') throw invalidOption('name', 'a string', name);
  const codec = createCodec(options.serializer);
  const nativeOptions = connectionOptions(codec, options.timeout, options.maxMessageSize, options.maxPendingBytes);
  const { whenFull = 'wait' } = options;
  if (whenFull !== 'wait' && whenFull !== 'reject') throw invalidOption('whenFull', '"wait" or "reject"', whenFull);
  const log = createLog(options.logger, options.logLevel, name);
  // Read before the worker names its own serializer, so always JSON.
  const startupData = createCodec(new JsonSerializer()).encode(options.startupData, 'startupData') as
    string | undefined;
  if (options.txIdGenerator !== undefined && typeof options.txIdGenerator !== 'function') {
    throw invalidOption('txIdGenerator', 'a function', options.txIdGenerator);
  }
  const { unresponsiveAfter, onOutput } = options;
  if (onOutput !== undefined && typeof onOutput !== 'function') throw invalidOption('onOutput', 'a function', onOutput);
  if (onOutput !== undefined && driver instanceof InProcessDriver) {
    throw unsupportedByDriver(driver.name, 'the option `onOutput`', 'child_process');
  }
  if (unresponsiveAfter !== undefined) checkTimeout('unresponsiveAfter', unresponsiveAfter);
  const policy = RetryPolicy.from(options.unexpectedShutdown);
  const chains = MiddlewareChain.pair(options.middleware);
  let payloads: PayloadCodec = codec;
  const start = async () => {
    const channel = await spawn(driver, script, options);
    if (onOutput !== undefined) tellOutput(channel, name, onOutput);
    if (channel.movesValues) payloads = createValueCodec(options.serializer);
    const requests = new Requests({
      worker: name,
      codec: payloads,
      log,
      maxPendingBytes: nativeOptions.maxPendingBytes,
      whenFull,
      ...chains,
      txIdGenerator: options.txIdGenerator as RequestsOptions['txIdGenerator'],
    });
    const setup = { options: nativeOptions, codec: payloads, startupData };
    try {
      return new Incarnation({ name, driver: driver.name, channel, requests, setup, log });
    } catch (error) {
      channel.kill('SIGKILL');
      throw fromNative(error);
    }
  };
  const first = await start();
  const worker = new Worker({
    name,
    driver: driver.name,
    capabilities: driver.capabilities,
    first,
    start,
    policy,
    keep: (payload, type) => payloads.keep(payload, type),
    timeoutOf: (type, perCall) => messageTimeoutOf(nativeOptions, type, perCall),
    unresponsiveAfter,
    log,
  });
  try {
    if (options.waitForReady !== false) await first.ready;
    return worker;
  } finally {
    worker.settle();
  }
}

async function spawn(
  driver: Driver,
  script: string,
  options: BaseWorkerOptions<MessageDefinitions, Driver>,
): Promise<HostChannel> {
  let channel: DriverChannel | CoreChannel;
  try {
    channel = await driver.spawn(script, driverOptions(driver, options));
  } catch (error) {
    throw error instanceof WorkerError
      ? error
      : spawnFailed(`the driver "${driver.name}" cannot start a worker`, error);
  }
  if (isCore(channel)) return channel;
  checkEnd(driver, 'spawn', channel);
  return new CustomChannel(driver.name, channel, driver.capabilities.sharedMemory === true);
}

/** A channel of the library's own, from whichever driver. */
function isCore(channel: Partial<CoreChannel & HostChannel> | undefined | null): channel is HostChannel {
  return channel?.isCore === true && typeof channel.connect === 'function';
}

/** What concerns the worker's process may be given to `createWorker` itself, too. */
function driverOptions(driver: Driver, options: BaseWorkerOptions<MessageDefinitions, Driver>): object {
  const merged: Record<string, unknown> = {};
  for (const name of ['execPath', 'execArgv', 'argv', 'env', 'cwd', 'stdio', 'resourceLimits', 'killTree'] as const) {
    if (options[name] !== undefined) merged[name] = options[name];
  }
  Object.assign(merged, options.driverOptions);
  if (options.onOutput !== undefined) pipe(driver, merged);
  const connectTimeout = typeof options.timeout === 'object' ? options.timeout.serverConnect : undefined;
  if (driver instanceof ChildProcessDriver && connectTimeout !== undefined) {
    merged['env'] = {
      ...((merged as ProcessOptions).env ?? process.env),
      [CONNECT_TIMEOUT_VARIABLE]: String(connectTimeout),
    };
  }
  return merged;
}

/** Output that goes nowhere else by the user's own wish is piped. */
function pipe(driver: Driver, options: Record<string, unknown>): void {
  if (driver instanceof WorkerThreadsDriver) {
    options['stdout'] ??= true;
    options['stderr'] ??= true;
  } else if (driver instanceof ChildProcessDriver) {
    const { stdio = ['inherit'] } = options;
    const given: unknown[] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
    options['stdio'] = [...given, ...['inherit', 'pipe', 'pipe'].slice(given.length)];
  }
}
