import type { Driver } from '../types/driver.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import type {
  BroadcastOptions,
  PoolCallOptions,
  PoolSettings,
  RecycleOptions,
  ResizeOptions,
} from '../types/pool-options.js';
import type { BaseWorkerOptions } from '../types/worker-options.js';
import { postOptions, sendOptions } from './call-options.js';
import { nearWorkerOptions, workerOptions } from './host-options.js';
import type { Known, KnownOf } from './known.js';

const recycle: KnownOf<RecycleOptions> = { afterRequests: true, maxRssMb: true, maxAge: true, jitter: true };

const settings: KnownOf<PoolSettings> = {
  minWorkers: true,
  maxWorkers: true,
  idleTimeout: true,
  concurrency: true,
  maxStarts: true,
  spares: true,
  maxQueue: true,
  whenFull: true,
  queueTimeout: true,
  strategy: true,
  recycle,
  unresponsiveAfter: true,
};

/** Options of a worker that a pool does not have. */
const foreign = [
  'waitForReady',
  'detached',
  'socketPath',
  'keepResults',
  'maxHosts',
  'endsByItself',
] as const satisfies readonly (keyof BaseWorkerOptions<MessageDefinitions, Driver>)[];

/** Options of `createPool`. */
export const poolOptions: Known = without({ ...workerOptions, ...settings }, foreign);

/** Where the name may stand that was meant. */
export const nearPoolOptions: Known = without({ ...nearWorkerOptions, ...settings }, foreign);

/** The names among those options that are no worker's, or that a worker is not to have. */
export const poolOnly: readonly string[] = [
  ...Object.keys(settings).filter((name) => name !== 'whenFull'),
  'unexpectedShutdown',
];

const callOptions: KnownOf<PoolCallOptions> = { priority: true, key: true, queueTimeout: true };

/** Options of a pool's `send` and `stream`. */
export const poolSendOptions: Known = { ...sendOptions, ...callOptions };

/** Options of a pool's `post`. */
export const poolPostOptions: Known = { ...postOptions, ...callOptions };

export const broadcastOptions: KnownOf<BroadcastOptions> = { timeout: true, replay: true };

export const resizeOptions: KnownOf<ResizeOptions> = { minWorkers: true, maxWorkers: true };

function without(known: Known, names: readonly string[]): Known {
  return Object.fromEntries(Object.entries(known).filter(([name]) => !names.includes(name)));
}
