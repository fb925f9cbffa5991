import type { CallFigures } from './call-figures.js';
import type { ConcurrencyLimiter } from '../connection/concurrency-limiter.js';
import type { WorkerError } from '../errors/worker-error.js';
import type { Log } from '../logging/logger.js';
import type { MiddlewareChain } from '../messages/middleware-chain.js';
import type { Checks } from '../messages/validators.js';
import type { ContextCarrier } from '../types/context-carrier.js';

export interface DispatcherOptions {
  readonly log: Log;
  readonly handlers: object;
  readonly names: readonly string[];
  readonly limiter: ConcurrencyLimiter;
  /** Counts the calls of a worker. */
  readonly figures?: CallFigures | undefined;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** The validators of incoming messages; `incoming` then exists. */
  readonly checks?: Checks | undefined;
  /** The option `context`, for incoming contexts. */
  readonly context?: ContextCarrier | undefined;
  /** Runs handlers where they belong; absent: where their message is read. */
  readonly enter?: ((act: () => void) => void) | undefined;
  /** Whose handlers these are. */
  readonly side: 'worker' | 'host';
  /** The member `worker` of the handlers' context. */
  readonly worker: () => unknown;
  readonly host?: unknown;
  /** Reports a message that could not be read and is lost. */
  readonly onUnreadable?: ((error: WorkerError) => void) | undefined;
  /** Reports a notification, besides its handler; `false`: there are no listeners. */
  readonly onNotification?: ((type: string, payload: unknown) => boolean) | undefined;
}
