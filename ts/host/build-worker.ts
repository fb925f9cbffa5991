import type { HostChannel } from '../drivers/host-channel.js';
import { safely } from '../util/safely.js';
import { clone } from '../codecs/load-clone.js';
import { debuggerCheck } from '../util/debugger.js';
import { fromNative } from '../errors/from-native.js';
import { invalidOption } from '../errors/worker-error.js';
import { unsupportedByDriver } from '../errors/driver-errors.js';
import { watchGroupSignals } from './group-signals.js';
import { spawnFailed, workerClosed } from '../errors/host-errors.js';
import type { Answers } from '../connection/answerer.js';
import { Dispatcher } from '../handling/dispatcher.js';
import { Events } from './worker-events.js';
import type { HostConnection } from '../connection/connection.js';
import { handlerNames } from '../handling/handler-names.js';
import { WorkerInstance } from './instance/instance.js';
import { injector } from '../messages/context-carrier.js';
import { checkKeepResults, DEFAULT_KEPT } from '../detached/kept-results.js';
import { createLog } from '../logging/logger.js';
import { checkTimeout, connectionOptions, messageTimeoutOf } from '../connection/options.js';
import type { NativeOptions } from '../addon/binding.js';
import { answeredChecks, handledChecks, middlewareChains } from '../messages/load-checks.js';
import {
  builtInName,
  createCodec,
  createValueCodec,
  isStructured,
  type PayloadCodec,
} from '../codecs/payload-codec.js';
import { encodeStartupData } from '../codecs/startup-data.js';
import { Requests } from '../requests/requests.js';
import type { RequestsOptions } from '../requests/options.js';
import { inRootContext } from '../addon/root-context.js';
import { abortReason, isSignal } from '../requests/cancellation.js';
import { unlessAborted } from '../requests/request-options.js';
import { RetryPolicy } from './sending/retry-policy.js';
import { acquireStart, watchStart } from './start-limit.js';
import { ConcurrencyLimiter } from '../connection/concurrency-limiter.js';
import type { Driver } from '../types/driver.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import type { CheckedMessages, MessageSchemas } from '../types/message-schemas.js';
import type { ThreadOptions } from '../types/thread-options.js';
import type { BaseWorkerOptions } from '../types/worker-options.js';
import { InProcessDriver } from '../drivers/in-process/driver.js';
import { WorkerThreadsDriver } from '../drivers/thread/driver.js';
import { Worker } from './worker.js';
import { CONFIGURED } from '../protocol/generated.js';

/** Options that do not concern the start of a worker. */
export type ConnectionSettings = Omit<BaseWorkerOptions<MessageDefinitions, Driver>, 'script'> &
  Partial<CheckedMessages<MessageSchemas, MessageSchemas>>;

/** Opens the channel of one process or thread. */
type Open<C> = (options: NativeOptions, isDebugged: () => boolean) => C;

/**
 * Creates a worker around channels: `open` returns the first, and replacements after a crash. It checks all options
 * before it calls `open`.
 *
 * @param needsStartPermit - `open` starts a process or a thread of this library's, of which so many start at once.
 */
export async function buildWorker(
  driver: Driver,
  name: string,
  options: ConnectionSettings,
  open: Open<Promise<HostChannel>>,
  needsStartPermit: boolean,
): Promise<Worker> {
  const plan = planWorker(driver, name, options);
  const { signal } = plan;
  const start = async () => {
    if (!needsStartPermit) return startNow();
    const leave = await acquireStart();
    try {
      const instance = await startNow();
      watchStart(instance.channel, Promise.race([instance.ready, instance.gone]), leave);
      return instance;
    } catch (error) {
      leave();
      throw error;
    }
  };
  const startNow = async () => {
    const opening = open(plan.nativeOptions, plan.isDebugged);
    // While the worker starts: a host that has used up its descriptors could not load it with the first bytes.
    if (!plan.isThread) safely(clone);
    return plan.instanceOf(await opening);
  };
  const starting = start();
  const first = await unlessAborted(signal, starting).catch((error: unknown) => {
    if (signal?.aborted === true) starting.then((late) => late.shutdown.kill()).catch(() => {});
    throw error;
  });
  const worker = plan.create(first, start);
  try {
    if (options.waitForReady !== false) await unlessAborted(signal, first.ready);
    return worker;
  } finally {
    worker.settle();
  }
}

/**
 * Creates a worker around one channel, before it returns. The worker is not started again.
 *
 * @throws What {@link buildWorker} rejects with.
 */
export function buildWorkerNow(
  driver: Driver,
  name: string,
  options: ConnectionSettings,
  open: Open<HostChannel>,
): Worker {
  const plan = planWorker(driver, name, options);
  const first = plan.instanceOf(open(plan.nativeOptions, plan.isDebugged));
  const worker = plan.create(first, () => Promise.reject(workerClosed('start', name)));
  worker.settle();
  return worker;
}

/** Checks the options, and prepares what needs no channel. */
function planWorker(driver: Driver, name: string, options: ConnectionSettings) {
  const { sharedMemory } = options;
  // Where values travel as they are, there is none. Which one a worker in a process takes, its host tells it.
  const isThread = driver instanceof WorkerThreadsDriver || driver instanceof InProcessDriver;
  const serializer = options.serializer === undefined && !isThread ? 'structured' : options.serializer;
  const codec = createCodec(serializer, sharedMemory === true);
  const nativeOptions = connectionOptions(codec, options.timeout, options);
  if (sharedMemory === true) checkSharedMemory(driver, serializer);
  const { whenFull = 'wait' } = options;
  if (whenFull !== 'wait' && whenFull !== 'reject') throw invalidOption('whenFull', '"wait" or "reject"', whenFull);
  const isDebugged = debuggerCheck((options.driverOptions as ThreadOptions | undefined)?.execArgv ?? options.execArgv);
  const log = createLog(options.logger, options.logLevel, name);
  const startupData = encodeStartupData(options.startupData, serializer);
  if (options.txIdGenerator !== undefined && typeof options.txIdGenerator !== 'function') {
    throw invalidOption('txIdGenerator', 'a function', options.txIdGenerator);
  }
  const { unresponsiveAfter } = options;
  if (unresponsiveAfter !== undefined) checkTimeout('unresponsiveAfter', unresponsiveAfter);
  const policy = RetryPolicy.from(options.unexpectedShutdown);
  if (policy !== undefined) {
    checkRepeatable(options.driverOptions as ThreadOptions | undefined, '`unexpectedShutdown` retries');
    watchGroupSignals();
  }
  const { startOnDemand = false } = options;
  if (typeof startOnDemand !== 'boolean') throw invalidOption('startOnDemand', 'true or false', startOnDemand);
  if (startOnDemand) checkRepeatable(options.driverOptions as ThreadOptions | undefined, '`startOnDemand` is true');
  const { endsByItself = false } = options;
  if (typeof endsByItself !== 'boolean') throw invalidOption('endsByItself', 'true or false', endsByItself);
  // As `fetch`, null is none.
  const signal = options.signal ?? undefined;
  if (signal !== undefined && !isSignal(signal)) throw invalidOption('signal', 'an AbortSignal', signal);
  if (signal?.aborted === true) throw abortReason(signal);
  const { callerStacks = false } = options;
  if (typeof callerStacks !== 'boolean') throw invalidOption('callerStacks', 'true or false', callerStacks);
  const { messages, hostMessages } = options;
  const isChecked = messages !== undefined || hostMessages !== undefined;
  const answered = isChecked ? answeredChecks(messages, 'host', 'messages') : undefined;
  const handled = isChecked ? handledChecks(hostMessages, 'host', 'hostMessages') : undefined;
  const chains = middlewareChains(options.middleware, answered !== undefined || handled !== undefined);
  const { keepResults = options.keepResults } = (options.driverOptions ?? {}) as { keepResults?: number | undefined };
  const events = new Events(checkKeepResults(keepResults ?? DEFAULT_KEPT));
  const { handlers = {} } = options;
  if (typeof handlers !== 'object' || handlers === null) throw invalidOption('handlers', 'an object', handlers);
  const names = handlerNames(handlers);
  let worker: Worker | undefined = undefined;
  let payloads: PayloadCodec = codec;
  const instanceOf = (channel: HostChannel): WorkerInstance => {
    if (channel.movesValues) payloads = createValueCodec(options.serializer);
    const requests = new Requests<HostConnection>({
      peer: `the worker "${name}"`,
      worker: {
        name,
        get pid() {
          return channel.pid;
        },
      },
      kill: (how) => channel.kill(how),
      codec: payloads,
      log,
      maxPendingBytes: nativeOptions.maxPendingBytes,
      whenFull,
      onSettled: () => worker?.checkIdle(),
      ...chains,
      checks: answered,
      txIdGenerator: options.txIdGenerator as RequestsOptions['txIdGenerator'],
    });
    let wasDebugged = false;
    const setup = {
      options: nativeOptions,
      codec: payloads,
      builtIn: options.serializer === undefined ? undefined : builtInName(options.serializer),
      startupData,
      isDebugged: () => {
        const is = isDebugged(channel);
        if (is && !wasDebugged) log('info', 'a debugger may stop it: its timeouts are suspended');
        wasDebugged = is;
        return is;
      },
      names,
      createDispatcher: <Call>(answers: Answers<Call>) =>
        new Dispatcher(answers, {
          log,
          handlers,
          names,
          limiter: new ConcurrencyLimiter(nativeOptions.maxConcurrency),
          enter: inRootContext,
          side: 'host',
          worker: () => worker,
          onUnreadable: (error) => void events.emitIfHeard('unreadable', error),
          onNotification: (type, message) => events.emitIfHeard('notification', { type, payload: message }),
          ...chains,
          checks: handled,
          context: options.context,
        }),
    };
    try {
      return new WorkerInstance({
        name,
        driver: driver.name,
        namesSerializer: options.serializer !== undefined,
        endsByItself,
        channel,
        requests,
        setup,
        log,
        onDisconnected: () => events.emit('disconnect'),
        onKept: (kept) => events.emit('keptResult', kept),
        onMishap: () => worker?.startAgain(),
      });
    } catch (error) {
      if (channel.release === undefined) channel.kill('SIGKILL');
      else channel.release();
      const failure = fromNative(error);
      throw failure.code === 'ERR_SYSTEM' ? spawnFailed('cannot connect to the worker', failure) : failure;
    }
  };
  const create = (first: WorkerInstance, start: () => Promise<WorkerInstance>): Worker => {
    worker = new Worker({
      name,
      driver: driver.name,
      capabilities: driver.capabilities,
      first,
      start,
      policy,
      callerStacks,
      startOnDemand,
      signal,
      checkRepeatable: () =>
        checkRepeatable(options.driverOptions as ThreadOptions | undefined, '`restart()` is called'),
      keep: (payload, type) => payloads.keep(payload, type),
      isDebugged,
      timeoutOf: ({ type, timeout }) =>
        messageTimeoutOf(nativeOptions, type, timeout === CONFIGURED ? undefined : timeout),
      unresponsiveAfter,
      inject: injector(options.context),
      events,
      log,
    });
    return worker;
  };
  return { nativeOptions, isDebugged, isThread, signal, instanceOf, create };
}

/** Refuses to start a second worker without what was moved to the first. */
function checkRepeatable(options: ThreadOptions | undefined, when: string): void {
  const { transferList } = options ?? {};
  if (transferList === undefined || transferList.length === 0) return;
  throw invalidOption('driverOptions.transferList', `left out where ${when}`, transferList);
}

/** Refuses shared memory on a connection that cannot share it: it would copy each buffer. */
function checkSharedMemory(driver: Driver, serializer: ConnectionSettings['serializer']): void {
  if (driver.name !== 'child_process')
    throw unsupportedByDriver(driver.name, 'the option `sharedMemory`', 'child_process');
  if (serializer !== 'structured' && !isStructured(serializer)) {
    throw invalidOption('serializer', "'structured' where `sharedMemory` is true", serializer);
  }
}
