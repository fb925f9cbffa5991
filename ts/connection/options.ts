import { invalidOption } from '../errors/worker-error.js';
import type { ContextCarrier } from '../types/context-carrier.js';
import type { Serializer } from '../types/serializer.js';
import type { TimeoutConfig } from '../types/timeout-config.js';
import type { NativeOptions } from '../addon/binding.js';
import { MESSAGE_TIMEOUT, SERVER_CONNECT_TIMEOUT, STARTUP_TIMEOUT } from '../protocol/generated.js';

/** 256 MiB. */
const DEFAULT_MAX_MESSAGE_SIZE = 268_435_456;
/** 64 MiB. */
const DEFAULT_MAX_PENDING_BYTES = 67_108_864;
const DEFAULT_MAX_CONCURRENCY = 65_536;
/** 2 GiB: the addon reports the lengths of payloads, which are shorter than their messages, in 31 bits. */
const MOST_MAX_MESSAGE_SIZE = 2_147_483_648;
/** No error would fit below this. */
const LEAST_MAX_MESSAGE_SIZE = 4096;

/** The part of a codec that is an option. */
export interface OptionsCodec {
  readonly json: boolean;
  readonly serializer: Serializer;
}

/** The connection options that hosts and workers share. */
export interface ConnectionLimits {
  readonly maxMessageSize?: number | undefined;
  readonly maxPendingBytes?: number | undefined;
  readonly maxConcurrency?: number | undefined;
  readonly context?: ContextCarrier | undefined;
  readonly sharedMemory?: boolean | undefined;
  readonly busyPoll?: 'auto' | false | undefined;
}

/** The connection options for the addon. Throws for numbers out of range, with the name of the option. */
export function connectionOptions(
  codec: OptionsCodec,
  timeout: number | TimeoutConfig | undefined,
  {
    maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE,
    maxPendingBytes = DEFAULT_MAX_PENDING_BYTES,
    maxConcurrency = DEFAULT_MAX_CONCURRENCY,
    context,
    sharedMemory: sharedBuffers = false,
    busyPoll = 'auto',
  }: ConnectionLimits,
): NativeOptions {
  if (typeof sharedBuffers !== 'boolean') throw invalidOption('sharedMemory', 'true or false', sharedBuffers);
  if (busyPoll !== 'auto' && busyPoll !== false) throw invalidOption('busyPoll', "'auto' or false", busyPoll);
  const isSize = maxMessageSize >= LEAST_MAX_MESSAGE_SIZE && maxMessageSize <= MOST_MAX_MESSAGE_SIZE;
  if (typeof maxMessageSize !== 'number' || !isSize) {
    const range = `from ${LEAST_MAX_MESSAGE_SIZE} to ${MOST_MAX_MESSAGE_SIZE} (2 GiB)`;
    throw invalidOption('maxMessageSize', `a number of bytes ${range}`, maxMessageSize);
  }
  if (typeof maxPendingBytes !== 'number' || !(maxPendingBytes > 0)) {
    throw invalidOption('maxPendingBytes', 'a number of bytes above 0 (Infinity: any number)', maxPendingBytes);
  }
  if (maxConcurrency !== Infinity && !(Number.isInteger(maxConcurrency) && maxConcurrency > 0)) {
    throw invalidOption('maxConcurrency', 'an integer above 0, or Infinity', maxConcurrency);
  }
  const config = typeof timeout === 'number' ? { message: timeout } : timeout === undefined ? {} : timeout;
  if (typeof config !== 'object' || config === null) throw invalidOption('timeout', 'a number or an object', timeout);
  if (config.types !== undefined && (typeof config.types !== 'object' || config.types === null)) {
    throw invalidOption('timeout.types', 'an object', config.types);
  }
  if (context !== undefined && (typeof context?.inject !== 'function' || typeof context.extract !== 'function')) {
    throw invalidOption('context', 'an object with the methods inject and extract', context);
  }
  const types = Object.entries(config.types ?? {}).filter(([, millis]) => millis !== undefined);
  const { serializer } = codec;
  const options: NativeOptions = {
    serializer: serializer.name,
    json: codec.json,
    context: context !== undefined,
    sharedBuffers,
    sharedMemory: process.env['ISOLATED_WORKERS_SHARED_MEMORY'] !== '0',
    busyPoll: busyPoll === 'auto',
    handlers: [],
    maxMessageSize,
    maxPendingBytes: Math.min(maxPendingBytes, Number.MAX_SAFE_INTEGER),
    maxConcurrency: Math.min(maxConcurrency, Number.MAX_SAFE_INTEGER),
    startupTimeout: checkTimeout('timeout.startup', config.startup ?? STARTUP_TIMEOUT),
    serverConnectTimeout: checkTimeout('timeout.serverConnect', config.serverConnect ?? SERVER_CONNECT_TIMEOUT),
    messageTimeout: checkTimeout('timeout.message', config.message ?? MESSAGE_TIMEOUT),
    timeoutTypes: types.map(([type]) => type),
    timeoutMillis: types.map(([type, millis]) => checkTimeout(`timeout.types.${type}`, millis)),
  };
  if (typeof serializer.terminator === 'string') options.terminator = serializer.terminator;
  return options;
}

export function checkTimeout(name: string, millis: unknown): number {
  if (typeof millis !== 'number' || !(millis >= 0)) {
    throw invalidOption(name, 'a number of milliseconds, 0 or more (0 or Infinity: none)', millis);
  }
  return millis;
}

/** Mirrors the addon's choice: the timeout of the call, else that of the message type, else the general one. */
export function messageTimeoutOf(options: NativeOptions, type: string, perCall: number | undefined): number {
  if (perCall !== undefined) return perCall;
  return options.timeoutMillis[options.timeoutTypes.indexOf(type)] ?? options.messageTimeout;
}
