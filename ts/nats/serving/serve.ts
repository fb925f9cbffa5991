import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { defaultLogger, type Logger, WorkerError } from '../../index.js';
import { setTimeout } from '../../util/primordials.js';
import { Broker } from '../broker/broker.js';
import { checkName, checkNames, invalid, natsOptions, type NatsOptions, settingsOf } from '../options.js';
import { offerSubject } from '../subjects.js';
import { describeExit, OfferedWorker } from './offered-worker.js';
import type { Exit, Program } from './worker-process.js';

export interface ServeOptions extends NatsOptions {
  /** The workers' file, as of `createWorker`. It calls `startWorkerServer` as everywhere else. */
  readonly script: string | URL;
  /** The name under which hosts find the workers: their `script`. */
  readonly name: string;
  /** How many workers this process runs. Default: the number of processors. */
  readonly workers?: number;
  /** The arguments of the workers. */
  readonly argv?: readonly string[];
  /** The runtime's options for the workers, such as `['--import', 'tsx']`. Default: none. */
  readonly execArgv?: readonly string[];
  /** The workers' environment. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** The workers' working directory. Default: that of this process. */
  readonly cwd?: string;
  readonly logger?: Logger;
}

/** Workers that this process offers. */
export interface Serving {
  readonly name: string;
  /** The process ids of the present workers. */
  readonly pids: readonly number[];
  /** How many of them have a host. */
  readonly taken: number;
  /** Resolves when serving has ended; with the error that ended the connection to the broker, if one did. */
  readonly closed: Promise<WorkerError | undefined>;
  /** Ends all workers, also those that have a host, and the connection to the broker. */
  close(): Promise<void>;
}

const MOST_WORKERS = 1024;
/** How long the broker may take to receive the last frames, in milliseconds. */
const FLUSH_TIMEOUT = 1000;

const names = [...natsOptions, 'script', 'name', 'workers', 'argv', 'execArgv', 'env', 'cwd', 'logger'];

/**
 * Starts workers of this machine and offers them over a NATS server. Each worker has one host at a time; after its host a new
 * process takes its place. Resolves when all workers are offered.
 *
 * @throws `ERR_INVALID_OPTION`, `ERR_SCRIPT_NOT_FOUND`, `ERR_PACKAGE_MISSING`, `ERR_DRIVER_FAILED` where no broker answers,
 *   `ERR_NOT_AUTHORIZED` where it refuses the credentials or a subject, `ERR_WORKER_SPAWN_FAILED` where a worker ends before it
 *   calls `startWorkerServer`.
 *
 * @example
 * ```ts
 * const serving = await serve({ script: new URL('./worker.js', import.meta.url), name: 'resize', workers: 4 });
 * ```
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  checkNames('serve', options, names);
  const settings = settingsOf(options);
  const name = checkName('name', options.name);
  const { workers = availableParallelism(), logger = defaultLogger } = options;
  if (!Number.isInteger(workers) || workers < 1 || workers > MOST_WORKERS) {
    throw invalid(`workers must be a whole number from 1 to ${MOST_WORKERS}, not ${String(workers)}`);
  }
  const program = programOf(options, settings.maxMessageSize);
  const broker = await Broker.connect(settings);
  const { connection } = broker;
  const offered = Array.from({ length: workers }, () => new OfferedWorker(broker, settings, name, program, logger));
  broker.onReconnect = () => {
    for (const worker of offered) worker.renewOffer();
  };
  broker.onRefused = (subject, { message }) => {
    // The worker itself reports a refused offer.
    if (subject !== offerSubject(settings.prefix, name)) logger.error(message);
    for (const worker of offered) worker.onRefused(subject, message);
  };
  const end = async (reason: string) => {
    for (const worker of offered) worker.close(reason);
    await Promise.all(offered.map((worker) => worker.ended));
  };
  const closed = broker.closed.then(async (error) => {
    await end('its serving process has lost the NATS server');
    return error;
  });
  const close = async () => {
    await end('its serving process was closed');
    // The last frames arrive before the connection ends, if there is a broker.
    await Promise.race([broker.flush(), delay(FLUSH_TIMEOUT)]);
    await connection.close();
    await closed;
  };
  const started = Promise.all(offered.map((worker) => worker.started));
  try {
    await started;
    await broker.flush();
    const refusal = offered.map((worker) => worker.refusal).find((error) => error !== undefined);
    if (refusal !== undefined) throw refusal;
  } catch (error) {
    await close();
    throw notStarted(name, program.script, error);
  }
  return {
    name,
    get pids() {
      return offered.map(({ pid }) => pid);
    },
    get taken() {
      return offered.filter(({ isTaken }) => isTaken).length;
    },
    closed,
    close,
  };
}

function delay(millis: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, millis).unref());
}

function programOf(options: ServeOptions, maxMessageSize: number): Program {
  const { script, argv = [], execArgv = [], env = process.env, cwd } = options;
  const file =
    script instanceof URL || String(script).startsWith('file:') ? fileURLToPath(script) : path.resolve(script);
  if (!existsSync(file)) {
    throw new WorkerError(
      'ERR_SCRIPT_NOT_FOUND',
      `the worker script ${file} does not exist. Check the option \`script\`.`,
    );
  }
  return { script: file, argv, execArgv, env, cwd, maxMessageSize };
}

function notStarted(name: string, script: string, reason: unknown): Error {
  if (reason instanceof Error) return reason;
  return new WorkerError(
    'ERR_WORKER_SPAWN_FAILED',
    `a worker of "${name}" ended before it called startWorkerServer(): ${describeExit(reason as Exit)}. Read its output; its ` +
      `script is ${script}.`,
    { phase: 'spawn' },
  );
}
