/**
 * How a worker ended.
 *
 * - `exit`: the worker has ended. For a process, `signal` is set if a signal ended it, else `code` is its exit code; a
 *   thread has only an exit code.
 * - `error`: the worker did not start, or its connection failed. `restart`: something else has ended a worker that did nothing wrong; the
 *   host starts another in its place, whatever its options say.
 * - `close`: its connection was closed; a detached worker may run on, for another host.
 */
export type ShutdownReason =
  | { readonly type: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly type: 'error'; readonly error: Error; readonly restart?: boolean }
  | { readonly type: 'close' };
