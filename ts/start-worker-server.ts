import path from 'node:path';

import { Dispatcher, type AnyHandler } from './dispatcher.js';
import { toDriver } from './drivers/to-driver.js';
import { connectTimeout, fromNative, invalidOption, WorkerError } from './errors.js';
import { createLog } from './logger.js';
import { MiddlewareChain } from './middleware-chain.js';
import { connectionOptions } from './native/connection-options.js';
import { Control, getNative } from './native/environment.js';
import { createCodec } from './payload-codec.js';
import { ProcessServer } from './process-server.js';
import type { Handlers } from './types/handlers.js';
import type { MessageDefinitions } from './types/message-definitions.js';
import type { WorkerServer, WorkerServerOptions } from './types/worker-server.js';
import { getWorkerChannel, type WorkerChannel } from './worker-channel.js';

/**
 * Starts to answer the host. Resolves when the host is connected; by then messages may have come already.
 *
 * @typeParam M - The messages, the same as the host's.
 * @throws `ERR_NOT_A_WORKER` in a process that no host has started, `ERR_INVALID_OPTION`, `ERR_DRIVER_MISMATCH`,
 *   `ERR_CONNECT_TIMEOUT`, `ERR_SERIALIZER_MISMATCH`, `ERR_PROTOCOL_MISMATCH`.
 *
 * @example
 * ```ts
 * await startWorkerServer<Messages>({
 *   add: ({ a, b }) => ({ sum: a + b }),
 * });
 * ```
 */
export function startWorkerServer<M extends MessageDefinitions = MessageDefinitions>(
  handlers: Handlers<M>,
  options?: WorkerServerOptions<M>,
): Promise<WorkerServer>;
export function startWorkerServer<M extends MessageDefinitions = MessageDefinitions>(
  options: WorkerServerOptions<M> & { handlers: Handlers<M> },
): Promise<WorkerServer>;
export async function startWorkerServer(first: object, second: WorkerServerOptions = {}): Promise<WorkerServer> {
  if (typeof first !== 'object' || first === null) throw invalidOption('handlers', 'an object', first);
  const { handlers } = first as { handlers?: unknown };
  // A message type may itself be called `handlers`: then it is a function.
  if (typeof handlers === 'object' && handlers !== null) return serve(handlers, first as WorkerServerOptions);
  return serve(first, second);
}

let served = false;

async function serve(handlers: object, options: WorkerServerOptions): Promise<WorkerServer> {
  const names = handlerNames(handlers);
  const channel = getWorkerChannel();
  if (channel === undefined) {
    throw new WorkerError(
      'ERR_NOT_A_WORKER',
      'startWorkerServer() was called in a process that is no worker. Start its script with createWorker().',
    );
  }
  checkDriver(options.driver);
  if (served) throw new WorkerError('ERR_INVALID_OPTION', 'startWorkerServer() was called twice in one worker');
  const codec = createCodec(options.serializer);
  const nativeOptions = connectionOptions(codec, {
    serverConnect: options.timeout?.serverConnect ?? channel.connectTimeout,
  });
  const log = createLog(options.logger, options.logLevel, path.basename(process.argv[1] ?? 'worker'));
  const chains = MiddlewareChain.pair(options.middleware);
  served = true;
  const { connection } = channel;
  const dispatcher = new Dispatcher({ connection, codec, log, handlers, names, ...chains });
  const server = new ProcessServer(connection, dispatcher);
  await connected(channel, server, dispatcher, nativeOptions, names, log);
  return server;
}

/** Resolves when the host's handshake was read and fits. */
function connected(
  channel: WorkerChannel,
  server: ProcessServer,
  dispatcher: Dispatcher,
  nativeOptions: ReturnType<typeof connectionOptions>,
  names: string[],
  log: ReturnType<typeof createLog>,
): Promise<void> {
  const { connection } = channel;
  return new Promise((resolve, reject) => {
    const onControl = (what: number, number: number, payload: string | Uint8Array | undefined, detail: string) => {
      switch (what) {
        case Control.Ready:
          server.isConnected = true;
          return resolve();
        case Control.Mismatch:
          return reject(fromNative(detail));
        case Control.HandshakeTimedOut:
          return reject(connectTimeout(nativeOptions.serverConnectTimeout));
        case Control.UnknownRequest:
          return dispatcher.onUnknown(number, detail, payload);
        case Control.UnknownNotification:
          return dispatcher.onUnknown(-1, detail, payload);
        case Control.Dropped:
          return log('warn', `a message from the host was dropped: ${detail}`);
        case Control.Close:
          return void server.close();
        case Control.End:
          return server.onHostGone();
      }
    };
    try {
      connection.serve(nativeOptions, names, dispatcher.onMessages, onControl);
    } catch (error) {
      throw fromNative(error);
    }
    // What came before is handled when the caller is done with this tick.
    queueMicrotask(() => {
      connection.drain();
      getNative().environment.flush();
    });
  });
}

/** Only own properties are handlers: no message can reach an inherited name. */
function handlerNames(handlers: object): string[] {
  const names = Object.keys(handlers);
  for (const name of names) {
    const handler = (handlers as Record<string, AnyHandler>)[name];
    if (typeof handler !== 'function') throw invalidOption(`the handler "${name}"`, 'a function', handler);
  }
  return names;
}

function checkDriver(option: unknown): void {
  if (option === undefined) return;
  const { name } = toDriver(option);
  if (name !== 'child_process') {
    throw new WorkerError(
      'ERR_DRIVER_MISMATCH',
      `this worker was started by the driver "child_process", not by "${name}". Leave \`driver\` out: it is detected.`,
    );
  }
}
