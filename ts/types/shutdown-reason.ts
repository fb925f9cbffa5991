/**
 * How a worker ended.
 *
 * - `exit`: the worker is gone. Of a process, `signal` is set when a signal ended it, else `code` is its exit code;
 *   a thread has an exit code only.
 * - `error`: it could not be started, or its connection failed.
 * - `close`: its connection ended in good order; a detached worker may run on, for another host.
 */
export type ShutdownReason =
  | { readonly type: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly type: 'error'; readonly error: Error }
  | { readonly type: 'close' };
