import type { Checks } from '../messages/validators.js';
import type { Log } from '../logging/logger.js';
import type { MiddlewareChain } from '../messages/middleware-chain.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';

export interface RequestsOptions {
  /** The other side, for error texts: `the worker "…"`, or `the host`. */
  readonly peer: string;
  /** For the errors of requests: the worker that is asked, and its process. Absent in a worker. */
  readonly worker?: { readonly name: string; readonly pid: number | undefined } | undefined;
  readonly codec: PayloadCodec;
  readonly log: Log;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** The validators of answers; `incoming` then exists. */
  readonly checks?: Checks | undefined;
  /** How many bytes may wait to be written. */
  readonly maxPendingBytes: number;
  readonly whenFull: 'wait' | 'reject';
  readonly txIdGenerator?: ((message: { type: string; payload: unknown }) => string) | undefined;
  /** Runs after a batch of messages that settled a request of the user. */
  readonly onSettled?: (() => void) | undefined;
  /** Ends who is asked, where that is possible. */
  readonly kill?: ((signal: 'SIGTERM' | 'SIGKILL') => void) | undefined;
}
