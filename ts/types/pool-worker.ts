/** A worker of a pool. */
export interface PoolWorker {
  /** The pool's name and a number. */
  readonly name: string;
  /** Its process id, where it has a process of its own. */
  readonly pid: number | undefined;
  /**
   * - `idle`, `busy`: it serves.
   * - `paused`: a request of it was late or aborted, and it does not respond; it gets no others until it does.
   * - `spare`: it was started ahead.
   * - `draining`: it finishes what it runs, and ends.
   * - `gone`: it has ended.
   */
  readonly state: 'idle' | 'busy' | 'paused' | 'spare' | 'draining' | 'gone';
  /** How many requests it runs. */
  readonly inFlight: number;
  /** How many requests it has answered. */
  readonly completed: number;
  /** Milliseconds since it was ready. */
  readonly age: number;
  /** Bytes of resident memory of its process; `undefined` where that is not known. Linux tells. */
  readonly rss: number | undefined;
}
