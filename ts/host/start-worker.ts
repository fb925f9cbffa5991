import path from 'node:path';

import { buildWorker, buildWorkerNow } from './build-worker.js';
import { settlesWithin } from '../util/debugger.js';
import { ChildProcessDriver } from '../drivers/process/driver.js';
import { startProcessNow } from '../drivers/process/start.js';
import { CustomChannel } from '../drivers/custom/channel.js';
import type { HostChannel } from '../drivers/host-channel.js';
import { checkEnd, checkReconnects, toDriver } from '../drivers/to-driver.js';
import { ownOptions } from '../drivers/refuse-options.js';
import { InProcessDriver } from '../drivers/in-process/driver.js';
import { WorkerThreadsDriver } from '../drivers/thread/driver.js';
import { unsupportedByDriver } from '../errors/driver-errors.js';
import { invalidOption, WorkerError } from '../errors/worker-error.js';
import { spawnFailed, startTimeout } from '../errors/host-errors.js';
import { checkedPath, socketPathFor } from '../detached/named-sockets.js';
import type { NativeOptions } from '../addon/binding.js';
import { CONNECT_TIMEOUT_VARIABLE, SERIALIZER } from '../addon/env-variables.js';
import { processOptions } from '../options/driver-options.js';
import { nearWorkerOptions, workerOptions } from '../options/host-options.js';
import { checkKnown } from '../options/check-known.js';
import { forwardOutput } from './output-lines.js';
import { builtInName } from '../codecs/payload-codec.js';
import { givenScript, resolveScript } from '../drivers/script.js';
import type { CoreChannel, Driver, DriverChannel } from '../types/driver.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import type { InProcessOptions } from '../types/in-process-options.js';
import type { ProcessOptions } from '../types/process-options.js';
import type { ThreadOptions } from '../types/thread-options.js';
import type { BaseWorkerOptions } from '../types/worker-options.js';
import type { Worker } from './worker.js';

/**
 * The longest name that a worker gets from its script, in characters: the script of a custom driver may be source text.
 */
const LONGEST_NAME = 255;

type Options = BaseWorkerOptions<MessageDefinitions, Driver>;

/** What `createWorker` does. */
export async function startWorker(given: Options): Promise<Worker> {
  if (typeof given !== 'object' || given === null) throw invalidOption('options', 'an object', given);
  checkKnown('createWorker', given, workerOptions, '', nearWorkerOptions);
  const driver = given.driver === undefined ? new ChildProcessDriver() : toDriver(given.driver);
  const { fallback = 'reject' } = given;
  if (fallback !== 'reject' && fallback !== 'ignore') throw invalidOption('fallback', '"reject" or "ignore"', fallback);
  const options = fallback === 'ignore' && isOwn(driver) ? withoutForeign(driver, given) : given;
  const isSource = driver instanceof WorkerThreadsDriver && (options.driverOptions as ThreadOptions)?.eval === true;
  // A driver of the user's may name something else with it: a program on another machine, a container, source text.
  const isLoaded = driver instanceof InProcessDriver && (options.driverOptions as InProcessOptions)?.load !== undefined;
  const script = isSource || isLoaded || !isOwn(driver) ? givenScript(options.script) : resolveScript(options.script);
  const name = options.name ?? (isSource ? 'eval' : nameOf(script, driver.name));
  if (typeof name !== 'string') throw invalidOption('name', 'a string', name);
  const { onOutput } = options;
  if (onOutput !== undefined && typeof onOutput !== 'function') throw invalidOption('onOutput', 'a function', onOutput);
  if (onOutput !== undefined && driver instanceof InProcessDriver) {
    throw unsupportedByDriver(driver.name, 'the option `onOutput`', 'child_process');
  }
  const open = async ({ startupTimeout }: NativeOptions, isDebugged: () => boolean) => {
    const channel = await spawnInTime(driver, script, options, name, startupTimeout, isDebugged);
    if (onOutput !== undefined) forwardOutput(channel, name, onOutput);
    return channel;
  };
  // What a driver of the user's does to start a worker is not known.
  const needsStartPermit = driver instanceof ChildProcessDriver || driver instanceof WorkerThreadsDriver;
  return buildWorker(driver, name, options, open, needsStartPermit);
}

/**
 * Starts a worker process before it returns, also where this thread blocks then: its connection is open, and what is sent leaves at
 * once. For callers in this library, which give `script` as a path, and no option of a start that can be repeated.
 *
 * @throws What {@link startWorker} rejects with.
 */
export function startWorkerNow(options: Options & { readonly name: string; readonly script: string }): Worker {
  const driver = new ChildProcessDriver();
  return buildWorkerNow(driver, options.name, options, () =>
    startProcessNow(options.script, driverOptions(driver, options)),
  );
}

/** The options without those that this driver of the library lacks. */
function withoutForeign(driver: Driver, options: Options): Options {
  const { onOutput, sharedMemory, driverOptions: given = {}, ...others } = options;
  const kept: Options = {
    ...ownOptions(driver.name, others, [processOptions]),
    driverOptions: ownOptions(driver.name, given as object),
  };
  if (onOutput !== undefined && !(driver instanceof InProcessDriver)) kept.onOutput = onOutput;
  if (sharedMemory !== undefined && driver instanceof ChildProcessDriver) kept.sharedMemory = sharedMemory;
  return kept;
}

/** A driver of the library, or a class that extends one. */
function isOwn(driver: Driver): boolean {
  return [ChildProcessDriver, WorkerThreadsDriver, InProcessDriver].some((each) => driver instanceof each);
}

/** The last part of a path; for other text, the driver's name. */
function nameOf(script: string, driver: string): string {
  const last = path.basename(script);
  return last === '' || last.length > LONGEST_NAME || script.includes('\n') ? driver : last;
}

/** A driver may never settle. Kills a worker that arrives too late. */
async function spawnInTime(
  driver: Driver,
  script: string,
  options: BaseWorkerOptions<MessageDefinitions, Driver>,
  name: string,
  timeout: number,
  isDebugged: () => boolean,
): Promise<HostChannel> {
  const spawning = spawn(driver, script, options, name);
  // This one does not wait.
  if (driver.spawn === WorkerThreadsDriver.prototype.spawn) return spawning;
  if (await settlesWithin(timeout === 0 ? Infinity : timeout, spawning, isDebugged)) return spawning;
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

/** A channel of the library's own, from any driver. */
function isCore(channel: Partial<CoreChannel & HostChannel> | undefined | null): channel is HostChannel {
  return channel?.isCore === true && typeof channel.connect === 'function';
}

/** `createWorker` itself also accepts options of the worker's process. */
function driverOptions(driver: Driver, options: BaseWorkerOptions<MessageDefinitions, Driver>): object {
  const merged: Record<string, unknown> = {};
  for (const name of Object.keys(processOptions) as (keyof ProcessOptions)[]) {
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
  const takesName = !(driver instanceof WorkerThreadsDriver) && !(driver instanceof InProcessDriver);
  if (options.serializer !== undefined && takesName) {
    (merged as { [SERIALIZER]?: string })[SERIALIZER] = builtInName(options.serializer) ?? '';
  }
  return merged;
}

/** Pipes the streams that the user has not set. */
function pipe(driver: Driver, options: Record<string, unknown>): void {
  if (driver instanceof WorkerThreadsDriver) {
    options['stdout'] ??= true;
    options['stderr'] ??= true;
  } else if (driver instanceof ChildProcessDriver) {
    const { stdio = [] } = options;
    const given: unknown[] = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
    options['stdio'] = [...given, ...['ignore', 'pipe', 'pipe'].slice(given.length)];
  }
}
