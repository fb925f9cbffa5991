import type { Answers } from '../connection/answerer.js';
import { CallFigures } from '../handling/call-figures.js';
import { Dispatcher } from '../handling/dispatcher.js';
import { invalidOption, WorkerError } from '../errors/worker-error.js';
import { handlerNames } from '../handling/handler-names.js';
import { hostClientOf } from './get-host.js';
import { ConnectedHost } from '../worker/connected-host.js';
import { HostClient } from '../worker/host-client.js';
import { Hosts } from '../worker/hosts.js';
import { JsonSerializer } from '../codecs/json/json-serializer.js';
import { createLog } from '../logging/logger.js';
import { checkTimeout, connectionOptions, type OptionsCodec } from '../connection/options.js';
import { checkKnown } from '../options/check-known.js';
import { serverOptions, type ServeOptions } from '../options/server-options.js';
import { builtInOf, createCodec } from '../codecs/payload-codec.js';
import { toDriver } from '../drivers/to-driver.js';
import { answeredChecks, handledChecks, middlewareChains } from '../messages/load-checks.js';
import { shared } from '../worker/shared-state.js';
import { ConcurrencyLimiter } from '../connection/concurrency-limiter.js';
import { HandlerCount } from '../connection/handler-count.js';
import type { ServeSetup } from '../connection/serve-setup.js';
import type { Handlers } from '../types/handlers.js';
import type { MessageDefinitions, MessageTypes } from '../types/message-definitions.js';
import type {
  CheckedMessages,
  HandledMessagesOf,
  MessageSchemas,
  MessagesOf,
  UncheckedMessages,
} from '../types/message-schemas.js';
import type { SerializerValue } from '../types/serializer.js';
import type { WorkerServer, WorkerServerOptions } from '../types/worker-server.js';
import { getWorkerChannel } from '../worker/find-channel.js';
import type { WorkerChannel } from '../worker/worker-channel.js';
import { WorkerServer as Server } from '../worker/worker-server.js';

/**
 * Starts to serve the host. Resolves when the host is connected; messages may arrive before that.
 *
 * @typeParam M - The messages of the host.
 * @typeParam H - Messages from this worker to its host.
 * @throws `ERR_NOT_A_WORKER` in a process that no host started, `ERR_INVALID_OPTION`, `ERR_DRIVER_MISMATCH`,
 *   `ERR_DRIVER_FAILED`, `ERR_CONNECT_TIMEOUT`, `ERR_SERIALIZER_MISMATCH`, `ERR_PROTOCOL_MISMATCH`.
 *
 * @example
 * ```ts
 * await startWorkerServer<Messages>({
 *   add: ({ a, b }) => ({ sum: a + b }),
 * });
 * ```
 */
export function startWorkerServer<T extends MessageSchemas, U extends MessageSchemas = MessageSchemas>(
  options: WorkerServerOptions<HandledMessagesOf<T>, MessagesOf<U>> &
    CheckedMessages<T, U> & { handlers: Handlers<HandledMessagesOf<T>, MessagesOf<U>> },
): Promise<WorkerServer<MessagesOf<U>>>;
export function startWorkerServer<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(handlers: Handlers<M, H>, options?: WorkerServerOptions<M, H> & UncheckedMessages): Promise<WorkerServer<H>>;
export function startWorkerServer<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: WorkerServerOptions<M, H> & UncheckedMessages & { handlers: Handlers<M, H> }): Promise<WorkerServer<H>>;
export async function startWorkerServer(first: object, second?: ServeOptions): Promise<WorkerServer> {
  if (typeof first !== 'object' || first === null) throw invalidOption('handlers', 'an object', first);
  const { handlers } = first as { handlers?: unknown };
  // A message type may be called `handlers`: then this is a function.
  if (typeof handlers !== 'object' || handlers === null) return serve(first, second ?? {});
  if (second !== undefined) {
    throw invalidOption('the second argument', 'omitted if the options include `handlers`', second);
  }
  return serve(handlers, first as ServeOptions);
}

async function serve(handlers: object, options: ServeOptions): Promise<WorkerServer> {
  const names = handlerNames(handlers);
  if (typeof options !== 'object' || options === null) throw invalidOption('options', 'an object', options);
  checkKnown('startWorkerServer', options, serverOptions);
  const driver = options.driver === undefined ? undefined : toDriver(options.driver);
  const { messages, hostMessages, context, middleware, sharedMemory, busyPoll } = options;
  const checked = codecOf(options.serializer);
  const isChecked = messages !== undefined || hostMessages !== undefined;
  const handled = isChecked ? handledChecks(messages, 'worker', 'messages') : undefined;
  const answered = isChecked ? answeredChecks(hostMessages, 'worker', 'hostMessages') : undefined;
  const passes = middleware !== undefined || handled !== undefined || answered !== undefined;
  const chains = passes ? middlewareChains(middleware, handled !== undefined || answered !== undefined) : {};
  const log = createLog(options.logger, options.logLevel, scriptName());
  const { onClose } = options;
  if (onClose !== undefined && typeof onClose !== 'function') throw invalidOption('onClose', 'a function', onClose);
  const { printUncaught = true } = options;
  if (typeof printUncaught !== 'boolean') throw invalidOption('printUncaught', 'true or false', printUncaught);
  const { timeout } = options;
  if (timeout !== undefined && (typeof timeout !== 'object' || timeout === null)) {
    throw invalidOption('timeout', 'an object', timeout);
  }
  if (timeout?.serverConnect !== undefined) checkTimeout('timeout.serverConnect', timeout.serverConnect);
  const { maxConcurrency, maxPendingBytes } = options;
  const limits = { maxConcurrency, maxPendingBytes, context, sharedMemory, busyPoll };
  const timeoutsFor = (channel?: WorkerChannel) => ({
    serverConnect: timeout?.serverConnect ?? channel?.connectTimeout,
    message: timeout?.message,
    types: timeout?.types,
  });
  // Refuse invalid options before a driver connects.
  const early = connectionOptions(checked, timeoutsFor(), limits);
  const running = new HandlerCount(early.maxConcurrency);
  const figures = new CallFigures();
  const channel = getWorkerChannel() ?? (await (await import('../drivers/custom/connect-worker.js')).connectBy(driver));
  if (driver !== undefined && driver.name !== channel.driver) throw driverMismatch(channel.driver, driver.name);
  if (shared.served.has(channel)) {
    throw new WorkerError('ERR_INVALID_OPTION', 'startWorkerServer() was called twice in one worker');
  }
  shared.served.add(channel);
  const host = hostClientOf(channel);
  const hosts = new Hosts();
  const server = new Server(channel, host, hosts, { onClose, printUncaught }, log);
  const { hostSerializer } = channel;
  const follows = options.serializer === undefined && hostSerializer !== undefined;
  const serializer = follows ? builtInOf(hostSerializer) : options.serializer;
  const codec = follows ? codecOf(serializer) : checked;
  const nativeOptions = connectionOptions(codec, timeoutsFor(channel), limits);
  const calls = {
    log,
    maxPendingBytes: nativeOptions.maxPendingBytes,
    whenFull: 'wait',
    ...chains,
    checks: answered,
    context,
  } as const;
  /** @param asker - The `host` of a handler's context. */
  const setupFor = (client: HostClient, asker: HostClient | ConnectedHost, isOneOfSeveral: boolean): ServeSetup => {
    const link = HostClient.serve(client, calls);
    link.watch = hosts.watch(client, asker instanceof ConnectedHost ? asker : undefined);
    const limiter = new ConcurrencyLimiter(nativeOptions.maxConcurrency, running);
    let dispatcher: Dispatcher<unknown> | undefined;
    const forget = () => {
      if (dispatcher !== undefined) server.dispatchers.delete(dispatcher);
    };
    return {
      options: nativeOptions,
      host: link,
      serializer,
      names,
      log,
      limiter,
      createDispatcher: <Call>(answers: Answers<Call>) => {
        const created = new Dispatcher(answers, {
          log,
          handlers,
          names,
          limiter,
          figures,
          side: 'worker',
          worker: () => server,
          host: asker,
          onUnreadable: (error) => hosts.emit('unreadable', error),
          ...chains,
          checks: handled,
          context,
        });
        forget();
        dispatcher = created as unknown as Dispatcher<unknown>;
        server.dispatchers.add(dispatcher);
        return created;
      },
      forHost: () => {
        // The client of the server sends to all of them.
        serverLink.several ??= () => hosts.connected;
        const own = new HostClient();
        return setupFor(own, new ConnectedHost(own), true);
      },
      onCloseAsked: () => void server.close(),
      watchIdle: (onIdle) => (running.onIdle = onIdle),
      hasWork: () => running.hasWork,
      report: () => {
        figures.watch();
        const inFlight = running.running + running.waiting;
        return figures.report(hosts.connected.length, inFlight);
      },
      onDisconnected: () => {
        if (isOneOfSeveral) forget();
        server.isConnected = hosts.connected.length > 0;
      },
      onConnected: () => {
        server.isConnected = true;
        if (isOneOfSeveral) serverLink.open();
      },
      settled: () => server.settled(),
      onHostGone: () => server.onHostGone(),
    };
  };
  const setup = setupFor(host, host, false);
  const serverLink = setup.host;
  await channel.serve(setup);
  return server as unknown as WorkerServer;
}

/** The codec for the options of a connection. JSON is the default; a thread without a serializer has no codec. */
function codecOf(serializer: SerializerValue | undefined): OptionsCodec {
  if (serializer === undefined) return { json: true, serializer: new JsonSerializer() };
  return createCodec(serializer);
}

/** Without `node:path` and patterns: the start of a worker waits for all code that it loads or V8 compiles. */
function scriptName(): string {
  const file = process.argv[1] ?? '';
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1) || 'worker';
}

function driverMismatch(actual: string, named: string): WorkerError {
  return new WorkerError(
    'ERR_DRIVER_MISMATCH',
    `this worker was started by the driver "${actual}", not by "${named}". Omit \`driver\`: the library detects it.`,
  );
}
