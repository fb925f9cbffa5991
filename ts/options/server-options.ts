import type { CheckedMessages, MessageSchemas } from '../types/message-schemas.js';
import type { WorkerServerOptions } from '../types/worker-server.js';
import { type KnownOf, NAMES } from './known.js';

export type ServeOptions = WorkerServerOptions & Partial<CheckedMessages<MessageSchemas, MessageSchemas>>;

const timeouts: KnownOf<NonNullable<WorkerServerOptions['timeout']>> = {
  serverConnect: true,
  message: true,
  types: NAMES,
};

/** Options of `startWorkerServer`; they include `handlers` if there is one argument. */
export const serverOptions: KnownOf<ServeOptions & { handlers: object }> = {
  handlers: true,
  serializer: true,
  middleware: true,
  context: true,
  logger: true,
  logLevel: true,
  driver: true,
  onClose: true,
  printUncaught: true,
  maxConcurrency: true,
  maxPendingBytes: true,
  sharedMemory: true,
  busyPoll: true,
  timeout: timeouts,
  messages: true,
  hostMessages: true,
};
