import type { DebuggerCheck } from '../debugging.js';
import type { Events } from '../events.js';
import type { Incarnation } from '../incarnation.js';
import type { Log } from '../logger.js';
import type { Retryable, RetryPolicy } from '../retries.js';
import type { Carrier } from '../types/context-carrier.js';
import type { DriverCapabilities } from '../types/driver.js';

export interface WorkerInit {
  readonly name: string;
  readonly driver: string;
  readonly capabilities: DriverCapabilities;
  readonly first: Incarnation;
  /** Starts another worker like the first; resolves when it is spawned. */
  start(): Promise<Incarnation>;
  readonly policy: RetryPolicy | undefined;
  readonly keep: Retryable['keep'];
  readonly timeoutOf: Retryable['timeoutOf'];
  /** In milliseconds; `undefined`: nobody watches. */
  readonly unresponsiveAfter: number | undefined;
  /** What a message takes along. */
  readonly inject: (() => Carrier | undefined) | undefined;
  readonly events: Events;
  readonly isDebugged: DebuggerCheck;
  readonly log: Log;
}
