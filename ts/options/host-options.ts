import type { AttachOptions } from '../types/attach-options.js';
import type { Driver } from '../types/driver.js';
import type { MessageDefinitions } from '../types/message-definitions.js';
import type { CheckedMessages, MessageSchemas } from '../types/message-schemas.js';
import type { TimeoutConfig } from '../types/timeout-config.js';
import type { RetryStrategy, UnexpectedShutdown } from '../types/unexpected-shutdown.js';
import type { CloseOptions } from '../types/worker-client.js';
import type { HealthOptions } from '../types/worker-health.js';
import type { BaseWorkerOptions } from '../types/worker-options.js';
import { processLimits, processOptions, threadOptions } from './driver-options.js';
import { ANY, type Known, type KnownOf, NAMES } from './known.js';

type Checked = CheckedMessages<MessageSchemas, MessageSchemas>;

const timeouts: KnownOf<TimeoutConfig> = { startup: true, serverConnect: true, message: true, types: NAMES };

const strategy: KnownOf<RetryStrategy> = { strategy: true, attempts: true };

const unexpectedShutdown: KnownOf<UnexpectedShutdown & RetryStrategy> = { ...strategy, types: { [ANY]: strategy } };

/** Options of `createWorker`. */
export const workerOptions: KnownOf<BaseWorkerOptions<MessageDefinitions, Driver> & Checked> = {
  ...processOptions,
  script: true,
  driver: true,
  driverOptions: true,
  handlers: true,
  name: true,
  startupData: true,
  serializer: true,
  timeout: timeouts,
  middleware: true,
  context: true,
  txIdGenerator: true,
  maxMessageSize: true,
  sharedMemory: true,
  busyPoll: true,
  maxPendingBytes: true,
  whenFull: true,
  maxConcurrency: true,
  onOutput: true,
  logger: true,
  logLevel: true,
  unexpectedShutdown,
  unresponsiveAfter: true,
  callerStacks: true,
  signal: true,
  startOnDemand: true,
  endsByItself: true,
  fallback: true,
  waitForReady: true,
  messages: true,
  hostMessages: true,
};

/** Where else the intended name may belong. */
export const nearWorkerOptions: Known = {
  ...workerOptions,
  resourceLimits: processLimits,
  driverOptions: threadOptions,
};

/** Options of `attachWorker`. */
export const attachOptions: KnownOf<AttachOptions & Checked> = {
  name: true,
  socketPath: true,
  takeOver: true,
  handlers: true,
  serializer: true,
  timeout: timeouts,
  middleware: true,
  context: true,
  txIdGenerator: true,
  maxMessageSize: true,
  sharedMemory: true,
  busyPoll: true,
  maxPendingBytes: true,
  whenFull: true,
  maxConcurrency: true,
  logger: true,
  logLevel: true,
  keepResults: true,
  callerStacks: true,
  unresponsiveAfter: true,
  messages: true,
  hostMessages: true,
};

export const closeOptions: KnownOf<CloseOptions> = { timeout: true, pending: true };

export const healthOptions: KnownOf<HealthOptions> = { timeout: true, blockedAfter: true };
