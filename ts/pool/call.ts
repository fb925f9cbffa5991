import { checkTimeout } from '../connection/options.js';
import { invalidOption } from '../errors/worker-error.js';
import type { Known } from '../options/known.js';
import { checkKnown } from '../options/check-known.js';
import { poolPostOptions, poolSendOptions } from '../options/pool-options.js';
import { isSignal } from '../requests/cancellation.js';
import type { PoolCallOptions } from '../types/pool-options.js';
import type { SendOptions } from '../types/request-sender.js';
import { limitOf } from './settings.js';

/** What one call asks of the pool, and of the worker. */
export interface Call {
  readonly priority: number;
  readonly key: string | undefined;
  /** `undefined`: that of the pool. */
  readonly queueTimeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** As the worker takes them. */
  readonly options: SendOptions | undefined;
  /** What was moved away, or read from a source, cannot be sent twice. */
  readonly isRepeatable: boolean;
}

const PLAIN: Call = {
  priority: 0,
  key: undefined,
  queueTimeout: undefined,
  signal: undefined,
  options: undefined,
  isRepeatable: true,
};

/** @throws `ERR_INVALID_OPTION`, and what a getter of the options throws. */
export function callOf(operation: 'send' | 'stream' | 'post', type: unknown, options: object | undefined): Call {
  if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
  if (options === undefined) return PLAIN;
  if (typeof options !== 'object' || options === null)
    throw invalidOption(`the options of ${operation}`, 'an object', options);
  const known: Known = operation === 'post' ? poolPostOptions : poolSendOptions;
  checkKnown(operation, options, known);
  const { priority = 0, key, queueTimeout, ...rest } = options as PoolCallOptions & SendOptions & { input?: unknown };
  if (typeof priority !== 'number' || Number.isNaN(priority)) throw invalidOption('priority', 'a number', priority);
  if (key !== undefined && typeof key !== 'string') throw invalidOption('key', 'a string', key);
  const { timeout, transfer, input, signal } = rest;
  if (timeout !== undefined) checkTimeout('timeout', timeout);
  const given = signal ?? undefined;
  if (given !== undefined && !isSignal(given)) throw invalidOption('signal', 'an AbortSignal', given);
  return {
    priority,
    key,
    queueTimeout: queueTimeout === undefined ? undefined : limitOf('queueTimeout', queueTimeout),
    signal: given,
    options: Object.keys(rest).length === 0 ? undefined : rest,
    isRepeatable: transfer === undefined && input === undefined,
  };
}
