import { MessageChannel, type MessagePort, setEnvironmentData, Worker, type WorkerOptions } from 'node:worker_threads';

import { unsupportedByDriver } from '../driver-errors.js';
import { createMemory } from '../code-cache.js';
import { invalidOption, WorkerError } from '../errors.js';
import { spawnFailed } from '../host-errors.js';
import { areForThreads, threadExecArgv } from '../process-arguments.js';
import { threadLoaderArguments } from '../script.js';
import type { ThreadOptions } from '../types/thread-options.js';
import { SAID, Said, THREAD_KEY, type ThreadData } from '../values/thread-data.js';
import { refuseOptions } from './refuse-options.js';
import { processLimits } from './resource-limits.js';
import { ThreadChannel } from './thread-channel.js';

/** What one of this process's threads has compiled of the library, for the others. */
let code: SharedArrayBuffer | undefined;

/** Starts a worker thread, connected by a port of its own. */
export async function startThread(script: string, options: ThreadOptions): Promise<ThreadChannel> {
  refuseOptions('worker_threads', options);
  const { port1, port2 } = new MessageChannel();
  const said = new Int32Array(new SharedArrayBuffer(SAID * Int32Array.BYTES_PER_ELEMENT));
  const { stdout = false, stderr = false } = options;
  try {
    const thread = start(script, threadOptions(script, options), port2, said);
    return new ThreadChannel(thread, port1, said, { stdout, stderr });
  } catch (error) {
    port1.close();
    throw error instanceof WorkerError ? error : spawnFailed('cannot start a worker thread', error);
  }
}

function threadOptions(script: string, options: ThreadOptions): WorkerOptions {
  const { workerData, resourceLimits, argv, env, stdout, stderr, name } = options;
  const result: WorkerOptions = { workerData, eval: options.eval, stdout, stderr };
  if (resourceLimits !== undefined) {
    const other = processLimits.find((limit) => (resourceLimits as Record<string, unknown>)[limit] !== undefined);
    if (other !== undefined) throw unsupportedByDriver('worker_threads', `resourceLimits.${other}`, 'child_process');
    result.resourceLimits = resourceLimits;
  }
  if (argv !== undefined) result.argv = [...argv];
  if (env !== undefined) result.env = env as NonNullable<WorkerOptions['env']>;
  if (name !== undefined) result.name = name;
  const given = options.execArgv;
  if (given !== undefined && !Array.isArray(given)) throw invalidOption('execArgv', 'an array of strings', given);
  const loader = options.eval === true ? [] : threadLoaderArguments(script, given ?? process.execArgv);
  // Left alone, a thread inherits by itself, and takes no offence at what it cannot use.
  if (given !== undefined) result.execArgv = [...given, ...loader];
  else if (loader.length > 0 || !areForThreads()) result.execArgv = [...threadExecArgv(), ...loader];
  return result;
}

/**
 * Starts a thread that finds `said` under the key, with its id in it, and the port as its first message. The threads that
 * it starts find `said`, too, with an id that is not theirs; a port in that place would keep them from being started.
 */
function start(script: string, options: WorkerOptions, port: MessagePort, said: Int32Array): Worker {
  // A thread of Deno has no way to wait for its first message.
  const isDeno = process.versions['deno'] !== undefined;
  if (!isDeno && process.versions['bun'] === undefined) code ??= createMemory();
  const data: ThreadData = { said, code, port: isDeno ? port : undefined };
  setEnvironmentData(THREAD_KEY, data as never);
  try {
    const thread = new Worker(script, isDeno ? { ...options, transferList: [port] } : options);
    if (!isDeno) thread.postMessage(port, [port]);
    Atomics.store(said, Said.ThreadId, thread.threadId);
    Atomics.notify(said, Said.ThreadId);
    return thread;
  } finally {
    setEnvironmentData(THREAD_KEY);
  }
}
