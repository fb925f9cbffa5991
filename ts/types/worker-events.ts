import type { WorkerCrashedError } from '../errors.js';
import type { ShutdownReason } from './shutdown-reason.js';

/** What `worker.on` tells, by event, as the arguments of its listeners. */
export interface WorkerEvents {
  /** The worker is gone, whichever way. */
  exit: [exit: WorkerExit];
  /** The worker ended without being closed; before `exit`. */
  crash: [error: WorkerCrashedError];
  /** A new worker serves in place of one that crashed. */
  restart: [restart: WorkerRestart];
  /** `disconnect()` is done. */
  disconnect: [];
  /** `reconnect()` is done. */
  reconnect: [];
  /** Its JavaScript has been running without a pause for longer than the option `unresponsiveAfter` allows. */
  unresponsive: [blocked: { readonly blockedFor: number }];
}

/** A worker's end. */
export interface WorkerExit {
  /** Its process id, where it had one. */
  readonly pid: number | undefined;
  readonly reason: ShutdownReason;
}

/** A worker's new beginning. */
export interface WorkerRestart {
  /** The new process id, where it has one. */
  readonly pid: number | undefined;
  /** How many workers have been started in place of the first. */
  readonly count: number;
}
