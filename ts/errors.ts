import { hostPart } from './parts.js';
import type { MessageIssue } from './types/message-schemas.js';
import type { ShutdownReason } from './types/shutdown-reason.js';
import type { WorkerErrorCode } from './types/worker-error-code.js';

/** An error of this library. `code` is stable and says which; `docs/errors.md` lists them. */
export class WorkerError extends Error {
  override readonly name: string = 'WorkerError';
  readonly code: WorkerErrorCode;
  /** Where a worker is the matter: `spawn`, it could not be started; `startup`, it ended before it was ready. */
  declare readonly phase?: 'spawn' | 'startup' | 'running';
  /** What a validator has found: of `ERR_INVALID_MESSAGE`. */
  declare readonly issues?: readonly MessageIssue[];

  constructor(code: WorkerErrorCode, message: string, options?: WorkerErrorOptions) {
    super(message, options);
    this.code = code;
    if (options?.phase !== undefined) this.phase = options.phase;
  }
}

/** What is known of an error besides its code and its text. */
export interface WorkerErrorOptions extends ErrorOptions {
  readonly phase?: WorkerError['phase'];
}

/** What is known of a worker that ended without being closed. */
export interface CrashDetails {
  /** The worker's process id, where it had one of its own. */
  readonly pid?: number | undefined;
  readonly reason: ShutdownReason;
  /** `startup`: before it was ready. */
  readonly phase: 'startup' | 'running';
  readonly messageType?: string | undefined;
  /** The last lines of its standard error, where that is piped to the host. */
  readonly stderr?: readonly string[] | undefined;
  /** What was thrown and ended it, where that is known; mostly an `Error`. */
  readonly cause?: unknown;
}

/** The worker ended without being closed. Each request that was in flight rejects with one of these. */
export class WorkerCrashedError extends WorkerError {
  override readonly name = 'WorkerCrashedError';
  /** The worker's name. */
  readonly worker: string;
  /** Its process id, where it had one of its own. */
  readonly pid: number | undefined;
  /** How it ended. */
  readonly reason: ShutdownReason;
  /** `startup`: before it was ready. */
  declare readonly phase: 'startup' | 'running';
  /** The type of the request that was lost; `undefined` if it was the start. */
  readonly messageType: string | undefined;
  /**
   * It ran out of memory. Known of a thread, of a process over `resourceLimits.maxRssMb`, and of a process whose standard
   * error is piped to the host; else `false`.
   */
  readonly isOutOfMemory: boolean;
  /** Which attempt at the request this was, from 1. */
  readonly attempt: number;
  /** How many attempts were allowed. */
  readonly maxAttempts: number;
  /** The last lines of the worker's standard error, where that is piped to the host. */
  readonly stderr: readonly string[] | undefined;

  constructor(worker: string, details: CrashDetails) {
    const { reason, phase, messageType, stderr } = details;
    const cause = details.cause ?? (reason.type === 'error' ? reason.error : undefined);
    const { isOutOfMemory, text } = hostPart().crashOf(worker, details, cause);
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
}

export function invalidOption(name: string, expected: string, value: unknown): WorkerError {
  return new WorkerError('ERR_INVALID_OPTION', `${name} must be ${expected}, not ${show(value)}`);
}

export function notSerializable(what: string, serializer: string, cause: unknown): WorkerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WorkerError(
    'ERR_NOT_SERIALIZABLE',
    `${what} cannot be serialised by "${serializer}": ${reason.split('\n', 1)[0]}`,
    { cause },
  );
}

export function hostSilent(millis: number): WorkerError {
  return new WorkerError('ERR_CONNECT_TIMEOUT', `the host did not answer this worker within ${millis} ms`);
}

const SHOWN_NAMES = 20;

/** @param side - Who has no handler: `worker` or `host`. */
export function unknownMessageType(type: string, known: readonly string[], side: string): WorkerError {
  const list = known.slice(0, SHOWN_NAMES).map((name) => `"${name}"`);
  const more = known.length - list.length;
  const handles =
    known.length === 0 ? 'It has no handlers.' : `It handles ${list.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
  return new WorkerError(
    'ERR_UNKNOWN_MESSAGE_TYPE',
    `the ${side} has no handler for the message type "${type}". ${handles}`,
  );
}

/** What aborts the signal of a handler. */
export function cancelled(type: string): WorkerError {
  return new WorkerError('ERR_CANCELLED', `nobody waits for the outcome of "${type}" any more: it was cancelled`);
}

/** An error that the addon threw, or told as text: its code, a space, its message. Others of ours stay what they are. */
export function fromNative(error: unknown): WorkerError {
  if (error instanceof WorkerError) return error;
  if (typeof error === 'string') {
    const space = error.indexOf(' ');
    return new WorkerError(error.slice(0, space) as WorkerErrorCode, error.slice(space + 1));
  }
  const { code, message } = error as { code?: WorkerErrorCode; message?: string };
  return new WorkerError(code ?? 'ERR_SYSTEM', message ?? String(error));
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `the function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
