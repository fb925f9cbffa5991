import type { CrashDetails } from './crash-details.js';
import type * as CrashMessage from './crash-message.js';
import { quoted } from '../util/printable.js';
import { reasonOf } from '../util/safely.js';
import type { MessageIssue } from '../types/message-schemas.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import type { WorkerErrorCode } from '../types/worker-error-code.js';

/**
 * Whether `value` has the mark of a class, of any copy of this package. A value that is not an object, or throws, has
 * none.
 */
function hasBrand(value: unknown, brand: symbol): boolean {
  try {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  } catch {
    return false;
  }
}

const BRAND = Symbol.for('isolated-workers.WorkerError');
const CRASHED_BRAND = Symbol.for('isolated-workers.WorkerCrashedError');
const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];

/** An error of this library. `code` is stable and identifies the kind; `docs/errors.md` lists them. */
export class WorkerError extends Error {
  override readonly name: string = 'WorkerError';
  readonly code: WorkerErrorCode;
  /** The phase of the worker: `spawn`, it did not start; `startup`, it ended before it was ready. */
  declare readonly phase?: 'spawn' | 'startup' | 'running';
  /** The name of the worker that this error is about, where the host has made it. */
  declare readonly worker?: string;
  /** The process id of that worker, where it has a process of its own. */
  declare readonly pid?: number | undefined;
  /** The type of the request that failed, where it was one. */
  declare readonly messageType?: string | undefined;
  /** What a validator has found: of `ERR_INVALID_MESSAGE`. */
  declare readonly issues?: readonly MessageIssue[];
  /** The other side sent this error: its code is a claim of that side, not an observation of this side. */
  declare readonly isRemote?: true;

  constructor(code: WorkerErrorCode, message: string, options?: WorkerErrorOptions) {
    super(message, options);
    this.code = code;
    if (options?.phase !== undefined) this.phase = options.phase;
  }

  /** Recognises errors of another copy of this package: a plugin may bring its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === WorkerError ? hasBrand(value, BRAND) : isOrdinaryInstance.call(this, value);
  }
}
Object.defineProperty(WorkerError.prototype, BRAND, { value: true });

/** Options of an error besides its code and its text. */
export interface WorkerErrorOptions extends ErrorOptions {
  readonly phase?: WorkerError['phase'];
}

/** The worker ended without being closed. Each request that was in flight rejects with one of these. */
export class WorkerCrashedError extends WorkerError {
  override readonly name = 'WorkerCrashedError';
  /** The worker's name. */
  override readonly worker: string;
  /** Its process id, where it had one of its own. */
  override readonly pid: number | undefined;
  /** How it ended. */
  readonly reason: ShutdownReason;
  /** `startup`: before it was ready. */
  declare readonly phase: 'startup' | 'running';
  /** The type of the request that was lost; `undefined` if it was the start. */
  override readonly messageType: string | undefined;
  /**
   * Whether it ran out of memory. The host knows this of a thread, of an isolate, of a process beyond
   * `resourceLimits.maxRssMb`, and of a process whose standard error is piped to the host; else `false`.
   */
  readonly isOutOfMemory: boolean;
  /** Which attempt at the request this was, from 1. */
  readonly attempt: number;
  /** How many attempts were allowed. */
  readonly maxAttempts: number;
  /** The last lines of the worker's standard error, if that is piped to the host. */
  readonly stderr: readonly string[] | undefined;

  constructor(worker: string, details: CrashDetails) {
    const { reason, phase, messageType, stderr } = details;
    const cause = details.cause ?? (reason.type === 'error' ? reason.error : undefined);
    const { crashOf } = require('./failures.cjs') as typeof CrashMessage;
    const { isOutOfMemory, text } = crashOf(worker, details, cause);
    super('ERR_WORKER_CRASHED', text, cause === undefined ? { phase } : { cause, phase });
    this.isOutOfMemory = isOutOfMemory;
    this.worker = worker;
    this.pid = details.pid;
    this.reason = reason;
    this.messageType = messageType;
    this.attempt = 1;
    this.maxAttempts = 1;
    this.stderr = stderr;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === WorkerCrashedError ? hasBrand(value, CRASHED_BRAND) : isOrdinaryInstance.call(this, value);
  }
}
Object.defineProperty(WorkerCrashedError.prototype, CRASHED_BRAND, { value: true });

export function invalidOption(name: string, expected: string, value: unknown): WorkerError {
  return new WorkerError('ERR_INVALID_OPTION', `${name} must be ${expected}, not ${show(value)}`);
}

export function notSerializable(what: string, serializer: string, cause: unknown): WorkerError {
  const reason = reasonOf(cause).split('\n', 1)[0] as string;
  return new WorkerError('ERR_NOT_SERIALIZABLE', `${what} cannot be serialised by "${serializer}": ${reason}`, {
    cause,
  });
}

export function hostSilent(millis: number): WorkerError {
  return new WorkerError('ERR_CONNECT_TIMEOUT', `the host did not answer this worker within ${millis} ms`);
}

const SHOWN_NAMES = 20;

/** @param side - The side without a handler: `worker` or `host`. */
export function unknownMessageType(type: string, known: readonly string[], side: string): WorkerError {
  const list = known.slice(0, SHOWN_NAMES).map((name) => `"${name}"`);
  const more = known.length - list.length;
  const handles =
    known.length === 0 ? 'It has no handlers.' : `It handles ${list.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
  return new WorkerError(
    'ERR_UNKNOWN_MESSAGE_TYPE',
    `the ${side} has no handler for the message type ${quoted(type)}. ${handles}`,
  );
}

/** The reason with which the library aborts the signal of a handler. */
export function cancelled(type: string): WorkerError {
  return new WorkerError(
    'ERR_CANCELLED',
    `the requester has cancelled ${quoted(type)} and no longer waits for its outcome`,
  );
}

/** The error for requests beyond the grants. */
export function tooManyRequests(side: 'worker' | 'host'): WorkerError {
  return new WorkerError(
    'ERR_TOO_MANY_REQUESTS',
    `the ${side} holds as many requests as it can. Send fewer at once, or raise its \`maxConcurrency\`.`,
  );
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
