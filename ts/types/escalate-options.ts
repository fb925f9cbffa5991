/**
 * What becomes of a worker that does not heed a cancellation, in milliseconds from the abort, or from the timeout. Then the
 * worker has crashed: its other requests reject, or are retried.
 */
export interface EscalateOptions {
  /** After it the worker is ended with SIGTERM; a thread is terminated. Default: never. */
  terminateAfter?: number | undefined;
  /** After it the worker is ended with SIGKILL. Default: never. */
  killAfter?: number | undefined;
}
