// An error that a request fails with says where it belongs: the worker, its process and the message type.
import { isError, safely } from '../util/safely.js';
import { quoted } from '../util/printable.js';
import { hide } from './decoding/create-error.js';
import { WorkerError } from './worker-error.js';

/** What an error belongs to. */
export interface ErrorPlace {
  /** The worker's name; `undefined` in a worker that asks its host. */
  readonly worker: string | undefined;
  /** The worker's process id, where it has a process of its own. */
  readonly pid: number | undefined;
  /** `undefined`: the error belongs to no request. */
  readonly messageType?: string | undefined;
}

/** The text of an error before it was placed: one error of a worker may end many requests, and each of them gets its own. */
const texts = new WeakMap<Error, string>();

/**
 * The error with the fields `worker`, `pid` and `messageType`. An error of this library has them in its text, too; the text
 * and the enumerable properties of a handler's error stay as they are, and its stack says where it comes from.
 */
export function placeError(error: unknown, place: ErrorPlace): unknown {
  if (!isError(error)) return error;
  try {
    if ((error as WorkerError).isRemote === true) return placeRemote(error, place);
    // What the user's middleware or signal made is the user's.
    return error instanceof WorkerError ? placeOwn(error, place) : error;
  } catch {
    // A user's value may refuse anything.
    return error;
  }
}

function placeOwn(error: WorkerError, place: ErrorPlace): WorkerError {
  const { worker, pid, messageType } = place;
  const before = texts.get(error);
  if (before !== undefined && messageType === error.messageType) return error;
  const placed = before === undefined ? error : copyOf(error, before);
  const text = before ?? error.message;
  texts.set(placed, text);
  setText(placed, textAt(text, place));
  Object.assign(placed, {
    ...(worker !== undefined && { worker }),
    ...(pid !== undefined && { pid }),
    ...(messageType !== undefined && { messageType }),
  });
  return placed;
}

/** Another error like this one, as it was before it was placed. */
function copyOf(error: WorkerError, text: string): WorkerError {
  const copy = new WorkerError(error.code, text);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  const members: Record<string, PropertyDescriptor> = Object.getOwnPropertyDescriptors(error);
  delete members['stack'];
  delete members['message'];
  Object.defineProperties(copy, members);
  const lines = typeof error.stack === 'string' ? error.stack.replace(error.message, () => text) : undefined;
  if (lines !== undefined) hide(copy, 'stack', lines);
  return copy;
}

function setText(error: Error, text: string): void {
  const { message, stack } = error;
  if (text === message) return;
  hide(error, 'message', text);
  // V8 has put the text into the stack when it made the error.
  if (typeof stack === 'string')
    hide(
      error,
      'stack',
      stack.replace(message, () => text),
    );
}

/** The text, with what it does not say yet: behind the worker's name, or at the end of the first line. */
function textAt(text: string, { worker, pid, messageType }: ErrorPlace): string {
  const name = worker === undefined ? undefined : `worker "${worker}"`;
  const at = name === undefined ? -1 : text.indexOf(name);
  const missing: string[] = [];
  if (name !== undefined && at < 0) missing.push(name);
  if (pid !== undefined && !text.includes(`pid ${pid}`)) missing.push(`pid ${pid}`);
  if (messageType !== undefined && !text.includes(quoted(messageType)) && !text.includes(`"${messageType}"`)) {
    missing.push(`message ${quoted(messageType)}`);
  }
  if (missing.length === 0) return text;
  const added = ` (${missing.join(', ')})`;
  const lineEnd = text.indexOf('\n');
  const place = at >= 0 ? at + (name as string).length : lineEnd < 0 ? text.length : lineEnd;
  return text.slice(0, place) + added + text.slice(place);
}

function placeRemote(error: Error, place: ErrorPlace): Error {
  const { worker, pid, messageType } = place;
  const isNested = Object.hasOwn(error, 'worker');
  for (const key of ['worker', 'pid', 'messageType'] as const) {
    if (place[key] !== undefined && !Object.hasOwn(error, key)) hide(error, key, place[key]);
  }
  // What the other side's library says does not name the worker; what a worker of that worker has told names that one.
  if (error instanceof WorkerError && !isNested) {
    setText(error, textAt(error.message, place));
    return error;
  }
  const stack = safely(() => error.stack);
  if (typeof stack !== 'string' || messageType === undefined) return error;
  const side = worker === undefined ? 'the host' : `the worker "${worker}"`;
  hide(error, 'stack', `${stack}\n    in ${quoted(messageType)} of ${side}${pid === undefined ? '' : ` (pid ${pid})`}`);
  return error;
}
