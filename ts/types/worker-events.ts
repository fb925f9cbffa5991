import type { WorkerCrashedError } from '../errors.js';
import type { MessageDefinitions, MessageTypeOf, PayloadOf } from './message-definitions.js';
import type { ShutdownReason } from './shutdown-reason.js';

/** What `worker.on` tells, by event, as the arguments of its listeners. */
export interface WorkerEvents<H extends MessageDefinitions = MessageDefinitions> {
  /** The worker is gone, whichever way. */
  exit: [exit: WorkerExit];
  /** The worker ended without being closed; before `exit`. */
  crash: [error: WorkerCrashedError];
  /** A new worker serves in place of one that crashed. */
  restart: [restart: WorkerRestart];
  /** What a request has come to whose host had left; told to the next host of a detached worker. */
  keptResult: [kept: KeptResult];
  /** The worker has sent this with `host.post`; the host's handler, if there is one, is called too. */
  notification: [
    message: { [K in MessageTypeOf<H>]: { readonly type: K; readonly payload: PayloadOf<H, K> } }[MessageTypeOf<H>],
  ];
  /** `disconnect()` is done, or another host has taken over a detached worker. */
  disconnect: [];
  /** `reconnect()` is done. */
  reconnect: [];
  /** Its JavaScript has been running without a pause for longer than the option `unresponsiveAfter` allows. */
  unresponsive: [blocked: { readonly blockedFor: number }];
}

/** The outcome of a request whose host had left: `result`, or `error`. */
export interface KeptResult {
  /** The message type of the request. */
  readonly type: string;
  /** Its transaction id. */
  readonly tx: string;
  readonly result?: unknown;
  readonly error?: Error | undefined;
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
