import { MessageChannel, setEnvironmentData, Worker, type WorkerOptions } from 'node:worker_threads';

import { invalidOption, spawnFailed, WorkerError } from '../errors.js';
import { threadExecArgv } from '../process-arguments.js';
import { loaderArguments } from '../script.js';
import type { ThreadOptions } from '../types/thread-options.js';
import { THREAD_KEY, type ThreadStart } from '../values/thread-worker-channel.js';
import { refuseOptions } from './refuse-options.js';
import { ThreadChannel } from './thread-channel.js';

/** Starts a worker thread, connected by a port of its own. */
export async function startThread(script: string, options: ThreadOptions): Promise<ThreadChannel> {
  refuseOptions('worker_threads', options);
  const { port1, port2 } = new MessageChannel();
  const said = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const { stdout = false, stderr = false } = options;
  try {
    const thread = start(script, threadOptions(script, options), { port: port2, said });
    return new ThreadChannel(thread, port1, said, { stdout, stderr });
  } catch (error) {
    port1.close();
    throw error instanceof WorkerError ? error : spawnFailed('cannot start a worker thread', error);
  }
}

function threadOptions(script: string, options: ThreadOptions): WorkerOptions {
  const { workerData, resourceLimits, argv, env, stdout, stderr, name } = options;
  const result: WorkerOptions = { workerData, eval: options.eval, stdout, stderr };
  if (resourceLimits !== undefined) result.resourceLimits = resourceLimits;
  if (argv !== undefined) result.argv = [...argv];
  if (env !== undefined) result.env = env as NonNullable<WorkerOptions['env']>;
  if (name !== undefined) result.name = name;
  const given = options.execArgv;
  if (given !== undefined && !Array.isArray(given)) throw invalidOption('execArgv', 'an array of strings', given);
  const loader = options.eval === true ? [] : loaderArguments(script, given ?? process.execArgv);
  // Left alone, a thread inherits by itself, and takes no offence at what it cannot use.
  if (given !== undefined) result.execArgv = [...given, ...loader];
  else if (loader.length > 0) result.execArgv = [...threadExecArgv(), ...loader];
  return result;
}

/** Starts a thread that finds `data` under the key. */
function start(script: string, options: WorkerOptions, data: ThreadStart): Worker {
  setEnvironmentData(THREAD_KEY, data as never);
  try {
    return new Worker(script, { ...options, transferList: [data.port] });
  } finally {
    setEnvironmentData(THREAD_KEY);
  }
}
