// The errors of Node, with its names, codes and texts.
import { inspect } from 'node:util';

import type { ErrorText } from './frames.js';

type ErrorClass = new (message: string) => Error;

function coded(of: ErrorClass, code: string, message: string): Error {
  const error = new of(message);
  // As Node's own do, whose stack shows the code.
  error.name = `${error.name} [${code}]`;
  void error.stack;
  return Object.assign(Object.defineProperty(error, 'name', { value: of.name, configurable: true, writable: true }), {
    code,
  });
}

export function dataCloneError(message: string): DOMException {
  return new DOMException(message, 'DataCloneError');
}

export function sharedMemoryRefused(): DOMException {
  return dataCloneError(
    'A SharedArrayBuffer cannot be sent to a worker that is a process of its own. Give the Worker `isolation: "thread"`, or ' +
      '`sharedMemory: "thread"` (it becomes a thread where its first messages share memory), or `sharedMemory: "copy"`, or ' +
      '`sharedMemory: "share"` and memory that processes can share.',
  );
}

export function memoryOfOneProcess(): DOMException {
  return dataCloneError(
    'This SharedArrayBuffer belongs to one process: it can grow, or has more than 2 GiB, or the runtime made it before ' +
      'isolated-workers/register was loaded, or for WebAssembly. Make it by `new SharedArrayBuffer(size)` under ' +
      'isolated-workers/register with ISOLATED_WORKERS_SHARED_MEMORY=share, or give the Worker `isolation: "thread"`.',
  );
}

export function memoryNotShown(): Error {
  return new Error('this runtime cannot show memory of another process: give both the same version of Node or Bun');
}

export function invalidType(name: string, expected: string, actual: unknown): Error {
  const kind = name.includes('.') ? 'property' : 'argument';
  return coded(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" ${kind} must be ${expected}. Received ${received(actual)}`,
  );
}

export function invalidValue(name: string, actual: unknown, reason: string): Error {
  const kind = name.includes('.') ? 'property' : 'argument';
  return coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The ${kind} '${name}' ${reason}. Received ${inspect(actual)}`);
}

export function outOfRange(name: string, range: string, actual: number): Error {
  const text = `The value of "${name}" is out of range. It must be ${range}. Received ${actual}`;
  return coded(RangeError, 'ERR_OUT_OF_RANGE', text);
}

export function heapProfileStarted(): Error {
  return coded(Error, 'ERR_HEAP_PROFILE_HAVE_BEEN_STARTED', 'heap profiler have been started');
}

export function notIterable(name: string): Error {
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `Optional ${name} argument must be an iterable`);
}

export function invalidPath(filename: string): Error {
  const hint = filename.startsWith('file://')
    ? ' Wrap file:// URLs with `new URL`.'
    : filename.startsWith('data:text/javascript')
      ? ' Wrap data: URLs with `new URL`.'
      : '';
  const text = 'The worker script or module filename must be an absolute path or a relative path starting with';
  return coded(TypeError, 'ERR_WORKER_PATH', `${text} './' or '../'.${hint} Received "${filename}"`);
}

export function invalidScheme(): Error {
  const text = 'The URL must be of scheme file';
  return coded(TypeError, 'ERR_INVALID_URL_SCHEME', text);
}

export function invalidExecArgv(flags: readonly string[]): Error {
  const text = `Initiated Worker with invalid execArgv flags: ${flags.join(', ')}`;
  return coded(Error, 'ERR_WORKER_INVALID_EXEC_ARGV', text);
}

export function outOfMemory(): Error {
  return coded(
    Error,
    'ERR_WORKER_OUT_OF_MEMORY',
    'Worker terminated due to reaching memory limit: JS heap out of memory',
  );
}

export function notRunning(): Error {
  return coded(Error, 'ERR_WORKER_NOT_RUNNING', 'Worker instance not running');
}

export function unserializable(): Error {
  return coded(Error, 'ERR_WORKER_UNSERIALIZABLE_ERROR', 'Serializing an uncaught exception failed');
}

/** The error of a worker of which only the text has arrived. */
export function errorOf({ name, message, stack, code }: ErrorText): Error {
  const known: ErrorClass[] = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];
  const error = new (known.find((each) => each.name === name) ?? Error)(message);
  const hidden = { value: name, configurable: true, writable: true };
  if (error.name !== name) Object.defineProperty(error, 'name', hidden);
  if (stack !== undefined) Object.defineProperty(error, 'stack', { ...hidden, value: stack });
  return code === undefined ? error : Object.assign(error, { code });
}

export function messagingSameThread(): Error {
  return coded(Error, 'ERR_WORKER_MESSAGING_SAME_THREAD', 'Cannot sent a message to the same thread');
}

export function messagingFailed(): Error {
  return coded(Error, 'ERR_WORKER_MESSAGING_FAILED', 'Cannot find the destination thread or listener');
}

export function messagingErrored(): Error {
  return coded(
    Error,
    'ERR_WORKER_MESSAGING_ERRORED',
    'The destination thread threw an error while processing the message',
  );
}

export function messagingTimeout(): Error {
  return coded(Error, 'ERR_WORKER_MESSAGING_TIMEOUT', 'Sending a message to another thread timed out');
}

/** An option of this library that it cannot honour. */
export function unsupported(what: string, instead: string): Error {
  return coded(Error, 'ERR_UNSUPPORTED_BY_DRIVER', `${what} is not supported. ${instead}`);
}

/** As the errors of Node describe a value. */
function received(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const { constructor } = value as { constructor?: { name?: string } };
    return constructor?.name ? `an instance of ${constructor.name}` : inspect(value, { depth: -1 });
  }
  const text = inspect(value, { colors: false });
  return `type ${typeof value} (${text.length > 28 ? `${text.slice(0, 25)}...` : text})`;
}
