import type { MessagePort, Worker as Thread, WorkerOptions } from 'node:worker_threads';

import { WorkerError } from '../../errors/worker-error.js';
import { spawnFailed } from '../../errors/host-errors.js';
import { areForThreads, threadExecArgv } from '../exec-argv.js';
import { resolveScript, threadLoaderArguments } from '../script.js';
import type { ThreadOptions } from '../../types/thread-options.js';
import { SIGNAL_COUNT, Signal, THREAD_KEY, type ThreadData } from '../../value-connection/thread-data.js';
import { checkStartTransfer, checkStrings } from '../../options/check-list.js';
import { refuseOptions } from '../refuse-options.js';
import { checkThreadLimits } from '../process/resource-limits.js';
import { ThreadChannel } from './channel.js';
import { watchingThread } from './thread-use.js';
import { expectOutput } from './output.js';
import { newSharedMemory } from '../../util/primordials.js';
import { MessageChannel, setEnvironmentData, Worker } from '../../util/node-threads.js';

/** Starts a worker thread, connected by a port of its own. */
export async function startThread(given: string, options: ThreadOptions): Promise<ThreadChannel> {
  refuseOptions('worker_threads', options);
  const script = options.eval === true ? given : resolveScript(given);
  const { port1, port2 } = new MessageChannel();
  const signals = new Int32Array(newSharedMemory(SIGNAL_COUNT * Int32Array.BYTES_PER_ELEMENT));
  const { stdout = false, stderr = false } = options;
  try {
    const settings = threadOptions(script, options);
    const [thread, used] = watchingThread(() => start(script, settings, port2, signals));
    return new ThreadChannel(thread, port1, signals, { stdout, stderr }, used);
  } catch (error) {
    port1.close();
    throw error instanceof WorkerError ? error : spawnFailed('cannot start a worker thread', error);
  }
}

function threadOptions(script: string, options: ThreadOptions): WorkerOptions {
  const { workerData, transferList, resourceLimits, argv, env, stdin, stdout, stderr, name } = options;
  const result: WorkerOptions = { workerData, eval: options.eval, stdin, stdout, stderr };
  if (resourceLimits !== undefined) {
    checkThreadLimits(resourceLimits);
    result.resourceLimits = resourceLimits;
  }
  if (transferList !== undefined) {
    checkStartTransfer('transferList', transferList);
    result.transferList = [...transferList];
  }
  if (argv !== undefined) result.argv = checkStrings('argv', argv);
  if (env !== undefined) result.env = env as NonNullable<WorkerOptions['env']>;
  if (name !== undefined) result.name = name;
  const given = options.execArgv === undefined ? undefined : checkStrings('execArgv', options.execArgv);
  const loader = options.eval === true ? [] : threadLoaderArguments(script, given ?? process.execArgv);
  // By default a thread inherits by itself, and ignores flags that it cannot use.
  if (given !== undefined) result.execArgv = [...given, ...loader];
  else if (loader.length > 0 || !areForThreads()) result.execArgv = [...threadExecArgv(), ...loader];
  return result;
}

/**
 * Starts a thread that finds `signals` under the key, with its id in it, and the port as its first message. Its nested
 * threads find `signals` too, with an id that is not theirs; a port in that place would prevent them from starting.
 */
function start(script: string, options: WorkerOptions, port: MessagePort, signals: Int32Array): Thread {
  // A thread of Deno cannot wait for its first message.
  const isDeno = process.versions['deno'] !== undefined;
  const data: ThreadData = { signals, port: isDeno ? port : undefined };
  setEnvironmentData(THREAD_KEY, data as never);
  try {
    const thread = new Worker(
      script,
      isDeno ? { ...options, transferList: [...(options.transferList ?? []), port] } : options,
    );
    if (!isDeno) thread.postMessage(port, [port]);
    expectOutput(thread);
    Atomics.store(signals, Signal.ThreadId, thread.threadId);
    Atomics.notify(signals, Signal.ThreadId);
    return thread;
  } finally {
    setEnvironmentData(THREAD_KEY);
  }
}
