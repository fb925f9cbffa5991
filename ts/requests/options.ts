import type { Checks } from '../checks.js';
import type { Log } from '../logger.js';
import type { MiddlewareChain } from '../middleware-chain.js';
import type { PayloadCodec } from '../payload-codec.js';

export interface RequestsOptions {
  /** Who is asked, for error texts: `the worker "…"`, or `the host`. */
  readonly peer: string;
  readonly codec: PayloadCodec;
  readonly log: Log;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** The validators of what is answered; then there is `incoming`. */
  readonly checks?: Checks | undefined;
  /** How many bytes may wait to be written. */
  readonly maxPendingBytes: number;
  readonly whenFull: 'wait' | 'reject';
  readonly txIdGenerator?: ((message: { type: string; payload: unknown }) => string) | undefined;
  /** Ends who is asked, where that is possible. */
  readonly kill?: ((signal: 'SIGTERM' | 'SIGKILL') => void) | undefined;
}
