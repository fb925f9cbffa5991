/**
 * The state of a worker.
 *
 * - `alive`: its event loop runs.
 * - `blocked`: it lives, and its JavaScript has run without a pause for `blockedFor` milliseconds.
 * - `silent`: it did not answer in time: it is stopped, or the machine is overloaded.
 * - `gone`: it has ended.
 */
export type WorkerHealth =
  | { readonly state: 'alive' }
  | { readonly state: 'blocked'; readonly blockedFor: number }
  | { readonly state: 'silent' }
  | { readonly state: 'gone' };

/** Options of `health`. */
export interface HealthOptions {
  /** How long to wait for an answer, in milliseconds. Default: 1,000. */
  timeout?: number | undefined;
  /** From how many milliseconds on a worker whose JavaScript does not pause is `blocked`. Default: 100. */
  blockedAfter?: number | undefined;
}
