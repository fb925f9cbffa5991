import type { HostChannel } from './drivers/host-channel.js';
import { debuggerCheck } from './debugging.js';
import { fromNative, invalidOption } from './errors.js';
import { spawnFailed } from './host-errors.js';
import type { Answers } from './answers.js';
import { Dispatcher } from './dispatcher.js';
import { Events } from './events.js';
import type { HostConnection } from './connection.js';
import { handlerNames } from './handler-names.js';
import { Incarnation } from './incarnation.js';
import { injector } from './inject.js';
import { JsonSerializer } from './json-serializer.js';
import { createLog } from './logger.js';
import { MiddlewareChain } from './middleware-chain.js';
import { checkTimeout, connectionOptions, messageTimeoutOf } from './native/connection-options.js';
import type { NativeOptions } from './native/binding.js';
import { checksPart } from './parts.js';
import { builtInName, createCodec, createValueCodec, type PayloadCodec } from './payload-codec.js';
import { Requests } from './requests.js';
import type { RequestsOptions } from './requests/options.js';
import { RetryPolicy } from './retries.js';
import { Turns } from './turns.js';
import type { Driver } from './types/driver.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type { CheckedMessages, MessageSchemas } from './types/message-schemas.js';
import type { ThreadOptions } from './types/thread-options.js';
import type { BaseWorkerOptions } from './types/worker-options.js';
import { Worker } from './worker.js';

/** Options that do not say how a worker comes to be. */
export type ConnectionSettings = Omit<BaseWorkerOptions<MessageDefinitions, Driver>, 'script'> &
  Partial<CheckedMessages<MessageSchemas, MessageSchemas>>;

/**
 * A worker around channels: `open` gives the first, and those that take its place after a crash. All options are checked
 * before it is called.
 */
export async function buildWorker(
  driver: Driver,
  name: string,
  options: ConnectionSettings,
  open: (options: NativeOptions, isDebugged: () => boolean) => Promise<HostChannel>,
): Promise<Worker> {
  const codec = createCodec(options.serializer);
  const nativeOptions = connectionOptions(
    codec,
    options.timeout,
    options.maxMessageSize,
    options.maxPendingBytes,
    options.context,
  );
  const { whenFull = 'wait' } = options;
  if (whenFull !== 'wait' && whenFull !== 'reject') throw invalidOption('whenFull', '"wait" or "reject"', whenFull);
  const isDebugged = debuggerCheck((options.driverOptions as ThreadOptions | undefined)?.execArgv ?? options.execArgv);
  const log = createLog(options.logger, options.logLevel, name);
  // Read before the worker names its own serializer, so always JSON.
  const startupData = createCodec(new JsonSerializer()).encode(options.startupData, 'startupData') as
    string | undefined;
  if (options.txIdGenerator !== undefined && typeof options.txIdGenerator !== 'function') {
    throw invalidOption('txIdGenerator', 'a function', options.txIdGenerator);
  }
  const { unresponsiveAfter } = options;
  if (unresponsiveAfter !== undefined) checkTimeout('unresponsiveAfter', unresponsiveAfter);
  const policy = RetryPolicy.from(options.unexpectedShutdown);
  const { messages, hostMessages } = options;
  const isChecked = messages !== undefined || hostMessages !== undefined;
  const answered = isChecked ? checksPart().Checks.ofAnswered(messages, 'host', 'messages') : undefined;
  const handled = isChecked ? checksPart().Checks.ofHandled(hostMessages, 'host', 'hostMessages') : undefined;
  const chains = MiddlewareChain.pair(options.middleware, answered !== undefined || handled !== undefined);
  const events = new Events();
  const { handlers = {} } = options;
  if (typeof handlers !== 'object' || handlers === null) throw invalidOption('handlers', 'an object', handlers);
  const names = handlerNames(handlers);
  let worker: Worker | undefined = undefined;
  let payloads: PayloadCodec = codec;
  const start = async () => {
    const channel = await open(nativeOptions, isDebugged);
    if (channel.movesValues) payloads = createValueCodec(options.serializer);
    const requests = new Requests<HostConnection>({
      peer: `the worker "${name}"`,
      kill: (signal) => channel.kill(signal),
      codec: payloads,
      log,
      maxPendingBytes: nativeOptions.maxPendingBytes,
      whenFull,
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
        if (is && !wasDebugged) log('info', 'may be stopped by a debugger: its timeouts stand still');
        wasDebugged = is;
        return is;
      },
      names,
      createDispatcher: <Call>(answers: Answers<Call>) =>
        new Dispatcher(answers, {
          log,
          handlers,
          names,
          // What the worker asks never waits.
          turns: new Turns(Infinity),
          side: 'host',
          worker: () => worker,
          onNotification: (type, message) => events.tell('notification', { type, payload: message }),
          ...chains,
          checks: handled,
          context: options.context,
        }),
    };
    try {
      return new Incarnation({
        name,
        driver: driver.name,
        channel,
        requests,
        setup,
        log,
        onDisconnected: () => events.emit('disconnect'),
        onKept: (kept) => events.emit('keptResult', kept),
      });
    } catch (error) {
      if (channel.release === undefined) channel.kill('SIGKILL');
      else channel.release();
      const failure = fromNative(error);
      throw failure.code === 'ERR_SYSTEM' ? spawnFailed('cannot connect to the worker', failure) : failure;
    }
  };
  const first = await start();
  worker = new Worker({
    name,
    driver: driver.name,
    capabilities: driver.capabilities,
    first,
    start,
    policy,
    keep: (payload, type) => payloads.keep(payload, type),
    isDebugged,
    timeoutOf: (type, perCall) => messageTimeoutOf(nativeOptions, type, perCall),
    unresponsiveAfter,
    inject: injector(options.context),
    events,
    log,
  });
  try {
    if (options.waitForReady !== false) await first.ready;
    return worker;
  } finally {
    worker.settle();
  }
}
