import { stripVTControlCharacters } from 'node:util';

import type { CrashDetails } from './crash-details.js';
import { printable, printableLines } from '../util/printable.js';
import { safely } from '../util/safely.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';

/** How much of a worker's text the error includes. */
const LONGEST = 4096;

/** The text of a `WorkerCrashedError`. */
export function crashOf(worker: string, details: CrashDetails, cause: unknown) {
  const { reason, phase, messageType, stderr } = details;
  const isOutOfMemory = ranOutOfMemory(cause, stderr);
  const what = phase === 'startup' ? 'ended before it was ready' : 'crashed';
  const hint = phase === 'startup' && cause === undefined ? hintOf(reason, stderr) : '';
  const why = describe(reason, cause).replace(/\.$/, '') + (isOutOfMemory ? ', out of memory' : '');
  const during = messageType === undefined ? '' : ` The message "${messageType}" is lost.`;
  const lines = stderr?.length ? ` Its last output:\n${stderr.map(plain).join('\n')}` : '';
  return { isOutOfMemory, text: `the worker "${worker}" ${what}: ${why}.${hint}${during}${lines}` };
}

function ranOutOfMemory(cause: unknown, stderr: readonly string[] | undefined): boolean {
  const { code, limit } = (typeof cause === 'object' && cause !== null ? cause : {}) as {
    code?: unknown;
    limit?: unknown;
  };
  if (typeof code === 'string' && code.endsWith('_OUT_OF_MEMORY')) return true;
  if (code === 'ERR_RESOURCE_LIMIT' && (limit === 'maxRssMb' || limit === 'memoryMb')) return true;
  return stderr?.some((line) => /FATAL ERROR: .*out of memory/i.test(line)) ?? false;
}

/** Exit codes with which Node ends a program without an error. */
const CODES: Readonly<Record<number, string>> = {
  0: ' Its script ended without calling startWorkerServer().',
  9: ' Node refused one of the arguments in `execArgv`, or in NODE_OPTIONS.',
  13: ' Its script awaits a promise that never settles, before it calls startWorkerServer().',
};

/** The meaning of an end before the worker was ready, if no error explains it. */
function hintOf(reason: ShutdownReason, stderr: readonly string[] | undefined): string {
  if (reason.type !== 'exit' || reason.code === null) return '';
  const known = CODES[reason.code] ?? '';
  if (known !== '' || stderr !== undefined) return known;
  return " Its standard error went past the host: with `stdio: 'pipe'` this error includes its last lines.";
}

function describe(reason: ShutdownReason, cause: unknown): string {
  switch (reason.type) {
    case 'exit': {
      const why = cause === undefined ? '' : ` because of ${text(cause)}`;
      return reason.signal === null
        ? `it exited with code ${reason.code}${why}`
        : `it was ended by ${reason.signal}${why}`;
    }
    case 'error':
      return reason.error.message;
    case 'close':
      return 'its connection was closed';
  }
}

/** The worker may have thrown a non-Error, which may refuse conversion to text. */
function text(thrown: unknown): string {
  return printableLines(safely(() => String(thrown)) ?? 'something that was thrown', LONGEST);
}

/** A line of the worker, without control characters that would affect a terminal. */
function plain(line: string): string {
  return printable(stripVTControlCharacters(line), LONGEST);
}
