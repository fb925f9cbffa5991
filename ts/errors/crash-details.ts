import type { ShutdownReason } from '../types/shutdown-reason.js';

/** What is known of a worker that ended without being closed. */
export interface CrashDetails {
  /** The worker's process id, where it had one of its own. */
  readonly pid?: number | undefined;
  readonly reason: ShutdownReason;
  /** `startup`: before it was ready. */
  readonly phase: 'startup' | 'running';
  readonly messageType?: string | undefined;
  /** The last lines of its standard error, where that is piped to the host. */
  readonly stderr?: readonly string[] | undefined;
  /** What was thrown and ended it, where that is known; mostly an `Error`. */
  readonly cause?: unknown;
}
