import type { CrashDetails } from './errors.js';
import type { ShutdownReason } from './types/shutdown-reason.js';

/** What `WorkerCrashedError` says of an end. */
export function crashOf(worker: string, details: CrashDetails, cause: unknown) {
  const { reason, phase, messageType, stderr } = details;
  const isOutOfMemory = ranOutOfMemory(cause, stderr);
  const what = phase === 'startup' ? 'ended before it was ready' : 'crashed';
  const why = describe(reason, cause).replace(/\.$/, '') + (isOutOfMemory ? ', out of memory' : '');
  const during = messageType === undefined ? '' : ` The message "${messageType}" is lost.`;
  const lines = stderr?.length ? ` Its last words:\n${stderr.join('\n')}` : '';
  return { isOutOfMemory, text: `the worker "${worker}" ${what}: ${why}.${during}${lines}` };
}

function ranOutOfMemory(cause: unknown, stderr: readonly string[] | undefined): boolean {
  const { code, limit } = (typeof cause === 'object' && cause !== null ? cause : {}) as {
    code?: unknown;
    limit?: unknown;
  };
  if (typeof code === 'string' && code.endsWith('_OUT_OF_MEMORY')) return true;
  if (code === 'ERR_RESOURCE_LIMIT' && limit === 'maxRssMb') return true;
  return stderr?.some((line) => /FATAL ERROR: .*out of memory/i.test(line)) ?? false;
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

/** What was thrown need be no error, and may refuse to be text. */
function text(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return 'something that was thrown';
  }
}
