import type { Answers } from './answers.js';
import type * as CustomPart from './custom.js';
import { Dispatcher } from './dispatcher.js';
import { driverFailed, invalidOption, WorkerError } from './errors.js';
import { handlerNames } from './handler-names.js';
import { hostClientOf } from './get-host.js';
import { HostClient } from './host-client.js';
import { createLog } from './logger.js';
import { MiddlewareChain } from './middleware-chain.js';
import { checkTimeout, connectionOptions } from './native/connection-options.js';
import { checksPart, customPart } from './parts.js';
import { builtInOf, createCodec } from './payload-codec.js';
import { Turns } from './turns.js';
import type { Driver, DriverServerChannel } from './types/driver.js';
import type { Handlers } from './types/handlers.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type {
  CheckedMessages,
  HandledMessagesOf,
  MessageSchemas,
  MessagesOf,
  UncheckedMessages,
} from './types/message-schemas.js';
import type { WorkerServer, WorkerServerOptions } from './types/worker-server.js';
import { adoptWorkerChannel, getWorkerChannel, type WorkerChannel } from './worker-channel.js';
import { WorkerServer as Server } from './worker-server.js';

/**
 * Starts to answer the host. Resolves when the host is connected; by then messages may have come already.
 *
 * @typeParam M - The messages, the same as the host's.
 * @typeParam H - What this worker asks its host.
 * @throws `ERR_NOT_A_WORKER` in a process that no host has started, `ERR_INVALID_OPTION`, `ERR_DRIVER_MISMATCH`,
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
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
>(handlers: Handlers<M, H>, options?: WorkerServerOptions<M, H> & UncheckedMessages): Promise<WorkerServer<H>>;
export function startWorkerServer<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
>(options: WorkerServerOptions<M, H> & UncheckedMessages & { handlers: Handlers<M, H> }): Promise<WorkerServer<H>>;
export async function startWorkerServer(first: object, second: ServeOptions = {}): Promise<WorkerServer> {
  if (typeof first !== 'object' || first === null) throw invalidOption('handlers', 'an object', first);
  const { handlers } = first as { handlers?: unknown };
  // A message type may itself be called `handlers`: then it is a function.
  if (typeof handlers === 'object' && handlers !== null) return serve(handlers, first as ServeOptions);
  return serve(first, second);
}

const served = new WeakSet<WorkerChannel>();

type ServeOptions = WorkerServerOptions & Partial<CheckedMessages<MessageSchemas, MessageSchemas>>;

async function serve(handlers: object, options: ServeOptions): Promise<WorkerServer> {
  const names = handlerNames(handlers);
  const driver = options.driver === undefined ? undefined : customPart().toDriver(options.driver);
  const checked = createCodec(options.serializer);
  const { messages, hostMessages, context } = options;
  const isChecked = messages !== undefined || hostMessages !== undefined;
  const handled = isChecked ? checksPart().Checks.ofHandled(messages, 'worker', 'messages') : undefined;
  const answered = isChecked ? checksPart().Checks.ofAnswered(hostMessages, 'worker', 'hostMessages') : undefined;
  const chains = MiddlewareChain.pair(options.middleware, answered !== undefined || handled !== undefined);
  const log = createLog(options.logger, options.logLevel, scriptName());
  const { onClose } = options;
  if (onClose !== undefined && typeof onClose !== 'function') throw invalidOption('onClose', 'a function', onClose);
  const { timeout } = options;
  if (timeout?.serverConnect !== undefined) checkTimeout('timeout.serverConnect', timeout.serverConnect);
  const { maxConcurrency = Infinity, maxPendingBytes } = options;
  if (maxConcurrency !== Infinity && !(Number.isInteger(maxConcurrency) && maxConcurrency > 0)) {
    throw invalidOption('maxConcurrency', 'an integer above 0, or Infinity', maxConcurrency);
  }
  const turns = new Turns(maxConcurrency);
  const timeoutsFor = (channel?: WorkerChannel) => ({
    serverConnect: timeout?.serverConnect ?? channel?.connectTimeout,
    message: timeout?.message,
    types: timeout?.types,
  });
  // What it cannot be is refused before a driver connects.
  connectionOptions(checked, timeoutsFor(), undefined, maxPendingBytes, context);
  const channel = getWorkerChannel() ?? (await connectBy(driver));
  if (driver !== undefined && driver.name !== channel.driver) throw driverMismatch(channel.driver, driver.name);
  if (served.has(channel)) {
    throw new WorkerError('ERR_INVALID_OPTION', 'startWorkerServer() was called twice in one worker');
  }
  served.add(channel);
  const host = hostClientOf(channel);
  const server = new Server(channel, host, onClose, log);
  const { hostSerializer } = channel;
  const follows = options.serializer === undefined && hostSerializer !== undefined;
  const serializer = follows ? builtInOf(hostSerializer) : options.serializer;
  const codec = follows ? createCodec(serializer) : checked;
  const nativeOptions = connectionOptions(codec, timeoutsFor(channel), undefined, maxPendingBytes, context);
  await channel.serve({
    options: nativeOptions,
    host: HostClient.serve(host, {
      log,
      maxPendingBytes: nativeOptions.maxPendingBytes,
      whenFull: 'wait',
      ...chains,
      checks: answered,
      context,
    }),
    serializer,
    names,
    log,
    turns,
    createDispatcher: <Call>(answers: Answers<Call>) => {
      const dispatcher = new Dispatcher(answers, {
        log,
        handlers,
        names,
        turns,
        side: 'worker',
        worker: () => server,
        host,
        ...chains,
        checks: handled,
        context,
      });
      server.dispatcher = dispatcher;
      return dispatcher;
    },
    onCloseAsked: () => void server.close(),
    onDisconnected: () => (server.isConnected = false),
    onConnected: () => (server.isConnected = true),
    onHostGone: () => server.onHostGone(),
  });
  return server as unknown as WorkerServer;
}

/** Connects by a user's driver: nothing else in this program tells that it is a worker. */
async function connectBy(driver: Driver | undefined): Promise<WorkerChannel> {
  if (driver?.createServer === undefined) {
    const what = driver === undefined ? '' : `, and the driver "${driver.name}" has no createServer() to connect it`;
    throw new WorkerError(
      'ERR_NOT_A_WORKER',
      `startWorkerServer() was called in a program that is no worker${what}. Start its script with createWorker().`,
    );
  }
  const part: typeof CustomPart = customPart();
  let end: DriverServerChannel;
  try {
    end = await driver.createServer();
  } catch (error) {
    throw error instanceof WorkerError ? error : driverFailed(driver.name, 'could not connect to the host', error);
  }
  part.checkEnd(driver, 'createServer', end);
  const { sharedMemory, reconnect } = driver.capabilities;
  const channel = new part.DriverWorkerChannel(driver.name, end, sharedMemory === true, reconnect === true);
  adoptWorkerChannel(channel);
  return channel;
}

/** Without `node:path`: what a worker loads, its start waits for. */
function scriptName(): string {
  return /[^/\\]*$/.exec(process.argv[1] ?? '')?.[0] || 'worker';
}

function driverMismatch(actual: string, named: string): WorkerError {
  return new WorkerError(
    'ERR_DRIVER_MISMATCH',
    `this worker was started by the driver "${actual}", not by "${named}". Leave \`driver\` out: it is detected.`,
  );
}
