import { invalidOption } from '../errors.js';
import type { ContextCarrier } from '../types/context-carrier.js';
import type { Serializer } from '../types/serializer.js';
import type { TimeoutConfig } from '../types/timeout-config.js';
import type { NativeOptions } from './binding.js';

/** 256 MiB. */
const DEFAULT_MAX_MESSAGE_SIZE = 268_435_456;
/** 64 MiB. */
const DEFAULT_MAX_PENDING_BYTES = 67_108_864;
/** Below this not even an error would fit. */
const LEAST_MAX_MESSAGE_SIZE = 4096;

const defaults = { startup: 10_000, serverConnect: 30_000, message: 300_000 };

/** What of a codec is an option. */
export interface OptionsCodec {
  readonly json: boolean;
  readonly serializer: Serializer;
}

/** What the addon needs to know of a connection. Numbers out of range are refused, by name. */
export function connectionOptions(
  codec: OptionsCodec,
  timeout: number | TimeoutConfig | undefined,
  maxMessageSize: number = DEFAULT_MAX_MESSAGE_SIZE,
  maxPendingBytes: number = DEFAULT_MAX_PENDING_BYTES,
  context?: ContextCarrier,
): NativeOptions {
  if (typeof maxMessageSize !== 'number' || !(maxMessageSize >= LEAST_MAX_MESSAGE_SIZE)) {
    throw invalidOption('maxMessageSize', `a number of bytes, ${LEAST_MAX_MESSAGE_SIZE} or more`, maxMessageSize);
  }
  if (typeof maxPendingBytes !== 'number' || !(maxPendingBytes > 0)) {
    throw invalidOption('maxPendingBytes', 'a number of bytes above 0 (Infinity: any number)', maxPendingBytes);
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
    sharedMemory: process.env['ISOLATED_WORKERS_SHARED_MEMORY'] !== '0',
    handlers: [],
    maxMessageSize: Math.min(maxMessageSize, Number.MAX_SAFE_INTEGER),
    maxPendingBytes: Math.min(maxPendingBytes, Number.MAX_SAFE_INTEGER),
    startupTimeout: checkTimeout('timeout.startup', config.startup ?? defaults.startup),
    serverConnectTimeout: checkTimeout('timeout.serverConnect', config.serverConnect ?? defaults.serverConnect),
    messageTimeout: checkTimeout('timeout.message', config.message ?? defaults.message),
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

/** As the addon chooses it: that of the call, else that of the message type, else the general one. */
export function messageTimeoutOf(options: NativeOptions, type: string, perCall: number | undefined): number {
  if (perCall !== undefined) return perCall;
  return options.timeoutMillis[options.timeoutTypes.indexOf(type)] ?? options.messageTimeout;
}
