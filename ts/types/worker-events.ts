import type { WorkerCrashedError, WorkerError } from '../errors/worker-error.js';
import type { MessageDefinitions, MessageTypeOf, MessageTypes, PayloadOf } from './message-definitions.js';
import type { ShutdownReason } from './shutdown-reason.js';

/** The events of `worker.on`, with the arguments of their listeners. */
export interface WorkerEvents<H extends MessageTypes<H> = MessageDefinitions> {
  /** The worker has ended, for any reason. */
  exit: [exit: WorkerExit];
  /** The worker crashed; before `exit`. */
  crash: [error: WorkerCrashedError];
  /** A new worker serves in place of one that crashed, or after `restart()`. */
  restart: [restart: WorkerRestart];
  /** The outcome of a request whose host had left; the next host of the detached worker receives it. */
  keptResult: [kept: KeptResult];
  /** The worker has sent this with `host.post`; the host's handler, if there is one, is called too. */
  notification: [
    message: { [K in MessageTypeOf<H>]: { readonly type: K; readonly payload: PayloadOf<H, K> } }[MessageTypeOf<H>],
  ];
  /** A message of the worker could not be read and is lost: an error `ERR_MALFORMED_MESSAGE`. If it was a request, its `send` fails. */
  unreadable: [error: WorkerError];
  /** `disconnect()` has finished, or another host has taken over the detached worker. */
  disconnect: [];
  /** The last request in flight has its outcome, and none was sent in the turn of the event loop after it. */
  idle: [];
  /** `reconnect()` is done. */
  reconnect: [];
  /** The worker's JavaScript has run without a pause for longer than the option `unresponsiveAfter` allows. */
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

/** The end of a worker. */
export interface WorkerExit {
  /** Its process id, if it had one. */
  readonly pid: number | undefined;
  readonly reason: ShutdownReason;
}

/** The restart of a worker. */
export interface WorkerRestart {
  /** The new process id, if it has one. */
  readonly pid: number | undefined;
  /** How many workers have replaced the first. */
  readonly count: number;
}
