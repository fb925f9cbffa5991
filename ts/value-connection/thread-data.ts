import type { MessagePort } from 'node:worker_threads';

/** The key of `ThreadData` in the environment data of a worker thread. */
export const THREAD_KEY = 'isolated-workers';

/** A thread posts this to its host if other code in the thread received its port. */
export const PORT_LOST = 'isolated-workers:port-lost';

/** The data of a thread about the host that started it. */
export interface ThreadData {
  /** Shared memory with signals of the host; `Signal` names its indexes. */
  readonly signals: Int32Array;
  /** On Deno; elsewhere it is the thread's first message. */
  readonly port: MessagePort | undefined;
}

/** The signals of a host to a thread that it has started. The thread may wait for either to become nonzero. */
export const enum Signal {
  /** 1 when the handshake was posted. */
  Handshake = 0,
  /** The id of the thread. */
  ThreadId = 1,
  /** 1 while the host is blocked, waiting for posts. */
  Waiting = 2,
  /** Counts posts meanwhile. */
  Posted = 3,
  /** 1 when the thread is about to exit. */
  Ending = 4,
  /** 1 when the host is about to end. */
  Leaving = 5,
  /** 1 when posts before that were handled. */
  Left = 6,
}

/** The number of signals. */
export const SIGNAL_COUNT = 7;
