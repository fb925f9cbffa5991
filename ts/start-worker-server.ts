import type { Answers } from './answers.js';
import { Dispatcher } from './dispatcher.js';
import { invalidOption, WorkerError } from './errors.js';
import { handlerNames } from './handler-names.js';
import { hostClientOf } from './get-host.js';
import { HostClient } from './host-client.js';
import { JsonSerializer } from './json-serializer.js';
import { createLog } from './logger.js';
import { checkTimeout, connectionOptions, type OptionsCodec } from './native/connection-options.js';
import { checksPart, customPart, processPart } from './parts.js';
import { Turns } from './turns.js';
import type { Handlers } from './types/handlers.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type {
  CheckedMessages,
  HandledMessagesOf,
  MessageSchemas,
  MessagesOf,
  UncheckedMessages,
} from './types/message-schemas.js';
import type { SerializerValue } from './types/serializer.js';
import type { WorkerServer, WorkerServerOptions } from './types/worker-server.js';
import { getWorkerChannel, type WorkerChannel } from './worker-channel.js';
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
  const { messages, hostMessages, context, middleware } = options;
  const checked = codecOf(options.serializer);
  const isChecked = messages !== undefined || hostMessages !== undefined;
  const handled = isChecked ? checksPart().Checks.ofHandled(messages, 'worker', 'messages') : undefined;
  const answered = isChecked ? checksPart().Checks.ofAnswered(hostMessages, 'worker', 'hostMessages') : undefined;
  const passes = middleware !== undefined || handled !== undefined || answered !== undefined;
  const chains = passes
    ? processPart().MiddlewareChain.pair(middleware, handled !== undefined || answered !== undefined)
    : {};
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
  const channel = getWorkerChannel() ?? (await customPart().connectBy(driver));
  if (driver !== undefined && driver.name !== channel.driver) throw driverMismatch(channel.driver, driver.name);
  if (served.has(channel)) {
    throw new WorkerError('ERR_INVALID_OPTION', 'startWorkerServer() was called twice in one worker');
  }
  served.add(channel);
  const host = hostClientOf(channel);
  const server = new Server(channel, host, onClose, log);
  const { hostSerializer } = channel;
  const follows = options.serializer === undefined && hostSerializer !== undefined;
  const serializer = follows ? processPart().builtInOf(hostSerializer) : options.serializer;
  const codec = follows ? codecOf(serializer) : checked;
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

/** What the options of a connection need of a codec. JSON is the default, and a thread then has none at all. */
function codecOf(serializer: SerializerValue | undefined): OptionsCodec {
  if (serializer === undefined) return { json: true, serializer: new JsonSerializer() };
  return processPart().createCodec(serializer);
}

/** Without `node:path` and patterns: what a worker loads, or makes V8 compile, its start waits for. */
function scriptName(): string {
  const file = process.argv[1] ?? '';
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1) || 'worker';
}

function driverMismatch(actual: string, named: string): WorkerError {
  return new WorkerError(
    'ERR_DRIVER_MISMATCH',
    `this worker was started by the driver "${actual}", not by "${named}". Leave \`driver\` out: it is detected.`,
  );
}
