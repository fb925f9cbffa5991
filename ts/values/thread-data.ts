import type { MessagePort } from 'node:worker_threads';

/** Under it a worker thread finds its `ThreadData` in its environment data. */
export const THREAD_KEY = 'isolated-workers';

/** What a thread finds of the host that has started it. */
export interface ThreadData {
  /** Shared memory in which the host says something; `Said` tells where. */
  readonly said: Int32Array;
  /** The compiled code of the library, or room for it. */
  readonly code: SharedArrayBuffer | undefined;
  /** On Deno; elsewhere it is the thread's first message. */
  readonly port: MessagePort | undefined;
  /** Puts what the thread has compiled up to now into `code`; the thread's own, absent where there is some. */
  keepCode?: (() => void) | undefined;
}

/** What a host says to a thread that it has started. The thread may wait for either to be no longer 0. */
export const enum Said {
  /** 1 when the handshake was posted. */
  Handshake = 0,
  /** Which thread is meant. */
  ThreadId = 1,
  /** 1 while the host is blocked, waiting for what is posted. */
  Waiting = 2,
  /** Counts what was posted meanwhile. */
  Posted = 3,
  /** 1 when the thread is about to end by itself. */
  Ending = 4,
}

/** How many of them there are. */
export const SAID = 5;
