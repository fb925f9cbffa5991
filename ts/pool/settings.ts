import { availableParallelism } from 'node:os';

import { checkTimeout } from '../connection/options.js';
import { toDriver } from '../drivers/to-driver.js';
import { ChildProcessDriver } from '../drivers/process/driver.js';
import { InProcessDriver } from '../drivers/in-process/driver.js';
import { WorkerThreadsDriver } from '../drivers/thread/driver.js';
import { unsupportedByDriver } from '../errors/driver-errors.js';
import { invalidOption, WorkerError } from '../errors/worker-error.js';
import { checkKnown } from '../options/check-known.js';
import { nearPoolOptions, poolOnly, poolOptions, resizeOptions } from '../options/pool-options.js';
import type { Driver } from '../types/driver.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import type { PoolSettings, RecycleOptions, ResizeOptions } from '../types/pool-options.js';
import type { ThreadOptions } from '../types/thread-options.js';
import type { BaseWorkerOptions } from '../types/worker-options.js';

const DEFAULT_IDLE_TIMEOUT = 30_000;
const DEFAULT_JITTER = 0.1;

export type WorkerSettings = BaseWorkerOptions<MessageDefinitions, Driver>;

/** What a pool was told, checked and complete. `Infinity` stands for each limit that is not there. */
export interface Settings {
  readonly worker: WorkerSettings;
  readonly driver: Driver;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly idleTimeout: number;
  readonly concurrency: number;
  readonly maxStarts: number;
  readonly spares: number;
  readonly maxQueue: number;
  readonly whenFull: 'wait' | 'reject';
  readonly queueTimeout: number;
  readonly strategy: NonNullable<PoolSettings['strategy']>;
  readonly recycle: Recycle;
  readonly unresponsiveAfter: number;
  readonly unexpectedShutdown: WorkerSettings['unexpectedShutdown'];
}

export interface Recycle {
  readonly afterRequests: number;
  /** In bytes. */
  readonly maxRss: number;
  readonly maxAge: number;
  readonly jitter: number;
}

export type GivenOptions = WorkerSettings & PoolSettings;

/** @throws `ERR_INVALID_OPTION`, `ERR_UNSUPPORTED_BY_DRIVER`, `ERR_UNSUPPORTED_PLATFORM`. */
export function settingsOf(options: GivenOptions): Settings {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  checkKnown('createPool', options, poolOptions, '', nearPoolOptions);
  const given = { ...options };
  const { concurrency = 1, maxQueue = Infinity, whenFull = 'wait', strategy = 'least-busy', spares = 0 } = given;
  if (whenFull !== 'wait' && whenFull !== 'reject') throw invalidOption('whenFull', '"wait" or "reject"', whenFull);
  if (strategy !== 'least-busy' && strategy !== 'round-robin' && typeof strategy !== 'function') {
    throw invalidOption('strategy', '"least-busy", "round-robin" or a function', strategy);
  }
  const driver = given.driver === undefined ? new ChildProcessDriver() : toDriver(given.driver);
  const { transferList } = (given.driverOptions ?? {}) as ThreadOptions;
  if (transferList !== undefined && transferList.length > 0) {
    throw invalidOption(
      'driverOptions.transferList',
      'left out for a pool: only one worker could get it',
      transferList,
    );
  }
  return {
    worker: workerOptionsOf(given),
    driver,
    ...sizesOf(given),
    idleTimeout: limitOf('idleTimeout', given.idleTimeout, DEFAULT_IDLE_TIMEOUT),
    concurrency: count('concurrency', concurrency, 1, true),
    maxStarts: count('maxStarts', given.maxStarts ?? availableParallelism(), 1, true),
    spares: count('spares', spares, 0),
    maxQueue: count('maxQueue', maxQueue, 1, true),
    whenFull,
    queueTimeout: limitOf('queueTimeout', given.queueTimeout),
    strategy,
    recycle: recycleOf(given.recycle, driver),
    unresponsiveAfter: limitOf('unresponsiveAfter', given.unresponsiveAfter),
    unexpectedShutdown: given.unexpectedShutdown,
  };
}

/** @param before - What is so far; absent: the defaults. */
export function sizesOf(
  { minWorkers, maxWorkers }: ResizeOptions,
  before?: { readonly minWorkers: number; readonly maxWorkers: number },
): { minWorkers: number; maxWorkers: number } {
  const most = count('maxWorkers', maxWorkers ?? before?.maxWorkers ?? availableParallelism(), 1);
  const least = count('minWorkers', minWorkers ?? Math.min(before?.minWorkers ?? 1, most), 0);
  if (least > most) throw invalidOption('minWorkers', `at most \`maxWorkers\`, which is ${most}`, least);
  return { minWorkers: least, maxWorkers: most };
}

export function checkResize(sizes: ResizeOptions): void {
  if (typeof sizes !== 'object' || sizes === null) throw invalidOption('the sizes of resize', 'an object', sizes);
  checkKnown('resize', sizes, resizeOptions);
}

/** In milliseconds; `Infinity` where 0 or nothing is given. */
export function limitOf(name: string, millis: unknown, otherwise = Infinity): number {
  if (millis === undefined) return otherwise;
  return checkTimeout(name, millis) || Infinity;
}

function count(name: string, value: unknown, least: number, isInfinityFine = false): number {
  if (isInfinityFine && value === Infinity) return Infinity;
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw invalidOption(name, `an integer, ${least} or more${isInfinityFine ? ', or Infinity' : ''}`, value);
}

function recycleOf(recycle: RecycleOptions | undefined, driver: Driver): Recycle {
  if (recycle !== undefined && (typeof recycle !== 'object' || recycle === null)) {
    throw invalidOption('recycle', 'an object', recycle);
  }
  const { afterRequests = Infinity, maxRssMb = Infinity, jitter = DEFAULT_JITTER, maxAge } = recycle ?? {};
  if (typeof maxRssMb !== 'number' || !(maxRssMb > 0)) {
    throw invalidOption('recycle.maxRssMb', 'a number of mebibytes above 0', maxRssMb);
  }
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1)) {
    throw invalidOption('recycle.jitter', 'a number from 0 to 1', jitter);
  }
  if (maxRssMb !== Infinity) checkMeasurable(driver);
  return {
    afterRequests: count('recycle.afterRequests', afterRequests, 1, true),
    maxRss: maxRssMb * 1024 * 1024,
    maxAge: limitOf('recycle.maxAge', maxAge),
    jitter,
  };
}

function checkMeasurable(driver: Driver): void {
  if (driver instanceof WorkerThreadsDriver || driver instanceof InProcessDriver) {
    throw unsupportedByDriver(driver.name, 'the option `recycle.maxRssMb`', 'child_process');
  }
  if (process.platform === 'linux') return;
  throw new WorkerError(
    'ERR_UNSUPPORTED_PLATFORM',
    `recycle.maxRssMb works on Linux only, not on ${process.platform}. Leave it out, or use recycle.afterRequests.`,
  );
}

function workerOptionsOf(options: object): WorkerSettings {
  const own = Object.entries(options).filter(([name]) => !poolOnly.includes(name));
  return Object.fromEntries(own) as unknown as WorkerSettings;
}
