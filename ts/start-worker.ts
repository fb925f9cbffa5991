import path from 'node:path';

import { buildWorker } from './build-worker.js';
import { inTime } from './debugging.js';
import { ChildProcessDriver } from './drivers/child-process.js';
import { CustomChannel } from './drivers/custom-channel.js';
import type { HostChannel } from './drivers/host-channel.js';
import { checkEnd, checkReconnects, toDriver } from './drivers/to-driver.js';
import { InProcessDriver } from './drivers/in-process.js';
import { WorkerThreadsDriver } from './drivers/worker-threads.js';
import { unsupportedByDriver } from './driver-errors.js';
import { invalidOption, WorkerError } from './errors.js';
import { spawnFailed, startTimeout } from './host-errors.js';
import { checkedPath, socketPathFor } from './named-sockets.js';
import { CONNECT_TIMEOUT_VARIABLE, SERIALIZER_VARIABLE } from './native/variables.js';
import { tellOutput } from './output-lines.js';
import { builtInName } from './payload-codec.js';
import { resolveScript } from './script.js';
import type { CoreChannel, Driver, DriverChannel } from './types/driver.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type { ProcessOptions } from './types/process-options.js';
import type { ThreadOptions } from './types/thread-options.js';
import type { BaseWorkerOptions } from './types/worker-options.js';
import type { Worker } from './worker.js';

/** What `createWorker` does. */
export async function startWorker(options: BaseWorkerOptions<MessageDefinitions, Driver>): Promise<Worker> {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  const driver = options.driver === undefined ? new ChildProcessDriver() : toDriver(options.driver);
  const isSource = driver instanceof WorkerThreadsDriver && (options.driverOptions as ThreadOptions)?.eval === true;
  const script = isSource ? String(options.script) : resolveScript(options.script);
  const name = options.name ?? (isSource ? 'eval' : path.basename(script));
  if (typeof name !== 'string') throw invalidOption('name', 'a string', name);
  const { onOutput } = options;
  if (onOutput !== undefined && typeof onOutput !== 'function') throw invalidOption('onOutput', 'a function', onOutput);
  if (onOutput !== undefined && driver instanceof InProcessDriver) {
    throw unsupportedByDriver(driver.name, 'the option `onOutput`', 'child_process');
  }
  return buildWorker(driver, name, options, async ({ startupTimeout }, isDebugged) => {
    const channel = await spawnInTime(driver, script, options, name, startupTimeout, isDebugged);
    if (onOutput !== undefined) tellOutput(channel, name, onOutput);
    return channel;
  });
}

/** A driver may never come to an end with it. What comes too late is ended. */
async function spawnInTime(
  driver: Driver,
  script: string,
  options: BaseWorkerOptions<MessageDefinitions, Driver>,
  name: string,
  timeout: number,
  isDebugged: () => boolean,
): Promise<HostChannel> {
  const spawning = spawn(driver, script, options, name);
  // This one waits for nothing.
  if (driver.spawn === WorkerThreadsDriver.prototype.spawn) return spawning;
  if (await inTime(timeout === 0 ? Infinity : timeout, spawning, isDebugged)) return spawning;
  spawning.then(
    (channel) => channel.kill('SIGKILL'),
    () => {},
  );
  throw startTimeout(name, timeout);
}

async function spawn(
  driver: Driver,
  script: string,
  options: BaseWorkerOptions<MessageDefinitions, Driver>,
  name: string,
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
  const custom = new CustomChannel(driver, channel, name);
  try {
    checkReconnects(driver);
  } catch (error) {
    custom.kill('SIGKILL');
    throw error;
  }
  return custom;
}

/** A channel of the library's own, from whichever driver. */
function isCore(channel: Partial<CoreChannel & HostChannel> | undefined | null): channel is HostChannel {
  return channel?.isCore === true && typeof channel.connect === 'function';
}

const processOptions = [
  'execPath',
  'execArgv',
  'argv',
  'env',
  'cwd',
  'stdio',
  'resourceLimits',
  'killTree',
  'detached',
  'socketPath',
  'keepResults',
] as const satisfies readonly (keyof ProcessOptions)[];

/** What concerns the worker's process may be given to `createWorker` itself, too. */
function driverOptions(driver: Driver, options: BaseWorkerOptions<MessageDefinitions, Driver>): object {
  const merged: Record<string, unknown> = {};
  for (const name of processOptions) {
    if (options[name] !== undefined) merged[name] = options[name];
  }
  Object.assign(merged, options.driverOptions);
  if (options.onOutput !== undefined) pipe(driver, merged);
  if (merged['detached'] === true && driver instanceof ChildProcessDriver) {
    const { socketPath } = merged as ProcessOptions;
    merged['socketPath'] = socketPath === undefined ? socketPathFor(options.name) : checkedPath(socketPath);
  }
  const connectTimeout = typeof options.timeout === 'object' ? options.timeout.serverConnect : undefined;
  if (driver instanceof ChildProcessDriver && connectTimeout !== undefined) {
    merged['env'] = {
      ...((merged as ProcessOptions).env ?? process.env),
      [CONNECT_TIMEOUT_VARIABLE]: String(connectTimeout),
    };
  }
  const serializer = builtInName(options.serializer);
  if (driver instanceof ChildProcessDriver && serializer !== undefined && serializer !== 'json') {
    merged['env'] = { ...((merged as ProcessOptions).env ?? process.env), [SERIALIZER_VARIABLE]: serializer };
  }
  return merged;
}

/** Output that goes nowhere else by the user's own wish is piped. */
function pipe(driver: Driver, options: Record<string, unknown>): void {
  if (driver instanceof WorkerThreadsDriver) {
    options['stdout'] ??= true;
    options['stderr'] ??= true;
  } else if (driver instanceof ChildProcessDriver) {
    const { stdio = [options['detached'] === true ? 'ignore' : 'inherit'] } = options;
    const given: unknown[] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
    options['stdio'] = [...given, ...['inherit', 'pipe', 'pipe'].slice(given.length)];
  }
}
