import type { DebuggerCheck } from '../util/debugger.js';
import type { Events } from './worker-events.js';
import type { WorkerInstance } from './instance/instance.js';
import type { Log } from '../logging/logger.js';
import type { OutgoingRequest } from '../requests/outgoing-request.js';
import type { RetryPolicy } from './sending/retry-policy.js';
import type { Carrier } from '../types/context-carrier.js';
import type { DriverCapabilities } from '../types/driver.js';

export interface WorkerInit {
  readonly name: string;
  readonly driver: string;
  readonly capabilities: DriverCapabilities;
  readonly first: WorkerInstance;
  /** Starts another worker like the first; resolves when it is spawned. */
  start(): Promise<WorkerInstance>;
  readonly policy: RetryPolicy | undefined;
  /** The errors of requests have the frames of who has sent them. */
  readonly callerStacks: boolean;
  /** What is sent to a closed worker starts it again. */
  readonly startOnDemand: boolean;
  /** Its abort ends the worker. */
  readonly signal: AbortSignal | undefined;
  /** Throws where the worker cannot be started twice. */
  checkRepeatable(): void;
  /** A copy of a payload that later changes do not reach; each call of the result makes a new one. */
  keep(payload: unknown, type: string): () => unknown;
  /** In milliseconds; 0 and Infinity: none. */
  timeoutOf(request: OutgoingRequest): number;
  /** In milliseconds; `undefined`: no monitor. */
  readonly unresponsiveAfter: number | undefined;
  /** Returns the context of a message. */
  readonly inject: (() => Carrier | undefined) | undefined;
  readonly events: Events;
  readonly isDebugged: DebuggerCheck;
  readonly log: Log;
}
