/**
 * How to end a worker that does not heed a cancellation, in milliseconds from the abort, or from the timeout. The
 * worker then counts as crashed: its other requests reject, or are retried.
 */
export interface EscalateOptions {
  /** Sends SIGTERM after this time; terminates a thread. Default: never. */
  terminateAfter?: number | undefined;
  /** Sends SIGKILL after this time. Default: never. */
  killAfter?: number | undefined;
}
