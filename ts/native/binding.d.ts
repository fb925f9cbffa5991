import type { OnControl, OnMessages } from './callbacks.js';

/** What a host has of a detached worker: one connection. */
export declare class NativeAttachment {
  /**
   * Connects to the worker that listens at `path`, which may take `patience` milliseconds to answer. `purpose`:
   * `messages`, `take-over` or `lifeline`. Rejects with a text that begins with a code.
   */
  static knock(
    path: string,
    token: string,
    purpose: 'messages' | 'take-over' | 'lifeline',
    patience: number,
  ): Promise<NativeAttachment>;
  /** The worker's process id. */
  get pid(): number;
  /** The host's end of the connection for messages; once. */
  pair(): NativePair;
  /** The host's end of the lifeline; once. */
  lifeline(): NativeLifeline;
}

/** One side of one connection. Payloads go in as the serializer made them: text or bytes; `undefined` for none. */
export declare class NativeConnection {
  /** The host's side of a pair. `startupData` is JSON text. */
  static host(
    environment: NativeEnvironment,
    pair: NativePair,
    options: NativeOptions,
    startupData: string | undefined,
    onMessages: OnMessages,
    onControl: OnControl,
  ): NativeConnection;
  /** The worker's side, from the descriptor this process inherited. It reads nothing yet. */
  static worker(environment: NativeEnvironment, fd: number): NativeConnection;
  /** Blocks until the start-up data are there; gives them once, as JSON text. Throws `ERR_CONNECT_TIMEOUT`. */
  readStartupData(timeout: number): string | null;
  /** Starts to serve. Messages come from the next `drain()` on. */
  serve(options: NativeOptions, onMessages: OnMessages, onControl: OnControl): void;
  /** The transaction id of a request in flight. */
  transactionId(slot: number): string | null;
  /** Ends a transaction without an outcome; tells whether there was one. */
  cancel(slot: number): boolean;
  /** Ends all transactions without an outcome; gives their slots, oldest first. */
  failAll(): Array<number>;
  /** Answers a request of the peer with an error, as JSON text. `false`: as for `respondCommand`. */
  fail(call: number, error: string): boolean;
  /** Tells the host the error that ends this worker, as JSON text. */
  tellFatal(error: string): void;
  /** The transaction id of a request of the peer that has no answer yet. */
  callTransactionId(call: number): string | null;
  /** Asks the worker to stop, after all that was sent before. */
  askToClose(): void;
  /** Handles everything that has arrived, before it returns. */
  drain(): void;
  /** Writes all output, blocking for at most so many milliseconds. */
  flushBlocking(timeout: number): void;
  /** Whether the connection keeps the event loop alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: number): void;
  /** How many bytes wait to be written. What is in shared memory is, like what the system has taken. */
  get pendingBytes(): number;
  /** `Control.Room` is to be told as soon as no more than half of the bound waits to be written. */
  wantRoom(): void;
  /**
   * While `Control.Due` is told: what is due does not end, and time stands still until it is told again and this is not
   * called. What is due then has its whole timeout again, everything else what was left of it.
   */
  hold(): void;
  /** Whether what the peer sends is read. */
  setReading(reading: boolean): void;
  /** How many requests of this side wait for their outcome. */
  get inFlight(): number;
  /** Whether both handshakes are done and the end was not seen. */
  get isReady(): boolean;
  /** Closes the connection at once. Nothing more will be told. */
  close(): void;
  /**
   * A function that sends a request; gives its slot, or 4,294,967,295 when too much waits to be written: then nothing
   * was begun.
   */
  get requestCommand(): (messageType: string, payload: unknown, timeout: number) => number;
  /**
   * A function that begins a transaction whose message, of this kind, follows with `submitCommand`; gives its slot.
   * Without an id it gets a random one.
   */
  get reserveCommand(): (messageType: string, tx: string | undefined, timeout: number, kind: number) => number;
  /**
   * A function that sends the message of a transaction, unless it has ended meanwhile; `false` when too much waits to be
   * written.
   */
  get submitCommand(): (slot: number, messageType: string, payload: unknown) => boolean;
  /** A function: until it is called again, what is sent takes this context with it, a JSON object of strings. */
  get carryCommand(): (context: string | undefined) => void;
  /** A function that sends a message that expects no answer; `false` when too much waits to be written. */
  get postCommand(): (messageType: string, payload: unknown) => boolean;
  /**
   * A function that answers a request of the peer. It gives `false` where too much waits to be written; nothing is read
   * then until `Control.Room` is told.
   */
  get respondCommand(): (call: number, payload: unknown) => boolean;
  /**
   * A function that sends a chunk of a request's payload. It gives the chunk's cost in units; negative, where too much
   * waits to be written: then `Control.Room` will be told.
   */
  get inputCommand(): (slot: number, payload: unknown) => number;
  /** A function that sends a chunk of a call's outcome. As `inputCommand`. */
  get chunkCommand(): (call: number, payload: unknown) => number;
  /** As `cancel`; tells the peer that nobody waits for the outcome. */
  abort(slot: number): boolean;
  /** Lets so many units more of chunks come. */
  credit(slot: number, units: number): void;
  /** Ends a request's payload; with an error, as JSON text, because that has ended it. */
  endInput(slot: number, error?: string | undefined | null): void;
  /** Tells how far a call is. */
  progress(call: number, payload: unknown): void;
  /** Lets so many units more of input come; 0: none is wanted any more. */
  demand(call: number, units: number): void;
  /**
   * Blocks this thread until a request has its outcome. Gives its payload, or the text of what was wrong with it; what
   * it is stands in the head of the shared memory: first 1 for a result, 2 for an error of the handler, 3 for a request
   * that is late, 4 for an answer that cannot be used, 5 for a peer that is lost, with the error it may have told; then
   * the timeout that is over, in milliseconds; then whether something came for others, which the next `drain()` tells.
   * Requests of the peer fail with `ERR_HOST_BLOCKED` meanwhile.
   */
  waitFor(slot: number): Buffer | string | undefined;
  /**
   * How a child process has ended, without taking that from who waits for it: its exit code, or -1 and the number of
   * the signal. Waits at most `timeout` milliseconds for its end; empty where that is not to be known.
   */
  static exitOf(pid: number, timeout: number): Array<number>;
}

/** Tells the hosts of this worker. What happens at a breakpoint, no JavaScript could tell. */
export declare class NativeDebugger {
  constructor();
  /** A debugger may stop this worker from now on, or may no longer. */
  set(isThere: boolean): void;
}

/** The door of a detached worker. */
export declare class NativeDoor {
  /**
   * Lets in hosts that know the token, by the listening socket that this process inherited as `fd`. `onStream` is called
   * with the descriptor of each connection. `uv`: the runtime has the real libuv. Throws `ERR_SYSTEM`.
   */
  constructor(fd: number, token: string, uv: boolean, debuggers: NativeDebugger, onStream: (fd: number) => void);
  /** A host has left: the first one, or one that `onStream` told of; once for each. */
  leave(): void;
}

/** The addon as one JavaScript thread sees it. */
export declare class NativeEnvironment {
  /**
   * `memory` is backed by a `SharedArrayBuffer`, aligned to 4 bytes: events are told as integers in it. `engine` is
   * `uv` or `tokio`; `uv` becomes `tokio` where it cannot run. With `busy_poll` the thread stays awake for news where that
   * pays.
   */
  constructor(memory: Buffer, engine: string, busyPoll: boolean);
  /** The engine in use. */
  get engine(): string;
  /**
   * From now on the thread may stay awake for news that Node brings, too, after JavaScript has set the fifth integer of the
   * shared memory.
   */
  watchTurns(): void;
  /**
   * To be called before the thread sleeps until an integer of shared memory has changed: looks for that for a moment, where
   * that pays. `awake` is to be called when it has.
   */
  lookForChange(memory: Buffer, index: number, value: number): void;
  /** What the thread has waited for is there. */
  awake(): void;
  /** How often this thread has looked for news instead of sleeping. */
  get busyPolls(): number;
  /** A function that writes what was sent in this tick. */
  get flushCommand(): () => void;
  /**
   * From now on memory of large results is used again. `transfer` is that of `ArrayBuffer.prototype`, where the runtime
   * has it: what it gives can be transferred to threads. The memory goes with this thread, which must outlive those: it
   * is to be the main thread.
   */
  recycle(transfer?: () => ArrayBuffer): void;
  /** Memory that is passed by reference, all zeros. */
  createSharedBuffer(size: number): Uint8Array;
  /** Whether the memory of a view is that of a shared buffer. */
  isShared(view: Uint8Array): boolean;
}

/** The host's end of a lifeline, and until the worker has it the worker's too. */
export declare class NativeLifeline {
  /** Throws `ERR_SYSTEM` when no file descriptors are left. */
  constructor(environment: NativeEnvironment);
  /** The descriptor for the child's `stdio`; -1 when it was closed. */
  get childFd(): number;
  /** Closes this process's copy of the child's end: else the end of the child would not be noticed. */
  closeChildEnd(): void;
  /** Asks the worker how it is; 0, or -2: it has not read what was asked before, -3: it is gone. */
  ping(): number;
  /**
   * The answer to the last ping, once: for how many milliseconds its JavaScript has been running without a pause, 0
   * where it waits; -1: it lives, more is not known; -2: no answer has come yet; -3: it is gone.
   */
  pulse(): number;
  /** Whether a debugger may stop the worker, as far as it has told. */
  get isDebugged(): boolean;
  /** How many bytes a worker that is gone had in memory when it ended itself for that; -1 where it did not. */
  report(): number;
  /** Gives the worker the child's end of a new pair, and closes it here. */
  pass(pair: NativePair): void;
  /** Closes what is left of both ends: an undetached worker takes it for its host's death. */
  close(): void;
  /**
   * In a worker: watches its end, which this process inherited, on a thread of its own. `onStream` is called with the
   * descriptor of each new connection, and with -1 when the host is gone; a worker that is still there 600 ms after
   * that is killed, with `killGroup` together with its process group. `uv`: the runtime has the real libuv.
   */
  static guard(fd: number, options: GuardOptions, debuggers: NativeDebugger, onStream: (fd: number) => void): void;
}

/**
 * Both ends of a new connection. The facade hands the child's end to the process it starts, then closes it here, and
 * makes a connection of the host's end.
 */
export declare class NativePair {
  /** Throws `ERR_SYSTEM` when no file descriptors are left. */
  constructor();
  /** The descriptor for the child's `stdio`; -1 when it was closed. */
  get childFd(): number;
  /** Closes this process's copy of the child's end: else the end of the child would not be noticed. */
  closeChildEnd(): void;
  /** Closes what is left of both ends. */
  close(): void;
}

/**
 * The requests in flight of a connection that moves JavaScript values. The same table that serves byte connections; the
 * facade sends the messages and tells it the answers.
 */
export declare class NativeRequests {
  /**
   * Only the timeouts of the options matter. Where the other side has a table too, it gives its `idBase`: the ids of
   * this one begin with it as well, and their numbers with 2^47.
   */
  constructor(environment: NativeEnvironment, options: NativeOptions, idBase?: string | undefined | null);
  /**
   * Begins a transaction; gives its ticket, whose remainder by 2^26 is its slot. Without an id it gets one that
   * begins with `idBase` and ends in its number. A negative timeout is the configured one.
   */
  begin(messageType: string, tx: string | undefined | null, timeout: number): number;
  /**
   * A function that first ends the transactions of some tickets, then begins some with generated ids and the general
   * timeout. How many, it reads in the head of the shared memory; the tickets go in and come out behind it, as
   * floating-point numbers, at most 2,048. A ticket whose transaction has ended before is passed over.
   */
  get exchange(): () => void;
  /** Ends the transaction with this id; gives its slot, or -1 where it has ended before. */
  finishById(tx: string): number;
  /** The slot of the transaction with this id, which stays in flight; -1 where it has ended before. */
  slotById(tx: string): number;
  /** Begins the timeout of a transaction anew. */
  extend(slot: number): void;
  /** Takes the deadline of a transaction away until `extend`. */
  pause(slot: number): void;
  /** The transaction id of a request in flight. */
  transactionId(slot: number): string | null;
  /** Ends a transaction without an outcome; tells whether there was one. */
  cancel(slot: number): boolean;
  /** Ends all transactions without an outcome; gives their slots, oldest first. */
  failAll(): Array<number>;
  /**
   * Instead of `expire`: what is late does not end, and time stands still until the next `expire`. What is late has its
   * whole timeout again then, everything else what was left of it.
   */
  hold(): void;
  /** Ends what is late; gives slots and their timeouts in milliseconds, in turns. */
  expire(): Array<number>;
  /** Milliseconds until something may be late, or until it is to be looked again; -1 where nothing has a deadline. */
  nextDeadline(): number;
  /** How many requests wait for their outcome. */
  get inFlight(): number;
  /**
   * What all generated ids begin with: 24 characters, up to the last hyphen. The rest is the request's number in
   * hexadecimal.
   */
  get idBase(): string;
}

/** A named socket on which a worker will listen that is being started. */
export declare class NativeSocket {
  /**
   * Listens at `path` for this user alone, and writes the token beside it. What a dead worker left there is removed;
   * `sweep`: in the whole directory. Throws `ERR_WORKER_OCCUPIED` where a live worker listens, `ERR_INVALID_OPTION`
   * where there is something else, `ERR_SYSTEM`.
   */
  constructor(path: string, token: string, sweep: boolean);
  /** The descriptor for the child's `stdio`; -1 when it was closed. */
  get fd(): number;
  /** Closes this process's copy: else the end of the worker would not be noticed. */
  close(): void;
}

/** How the terminal of the standard input was. */
export declare class NativeTerminal {
  /** How it is now; `null` where the standard input is no terminal. */
  static save(): NativeTerminal | null;
  /** Makes it so again. */
  restore(): void;
}

/** How a worker guards itself. */
export interface GuardOptions {
  /** The death of the host ends the whole process group. */
  killGroup: boolean;
  /** The runtime has the real libuv. */
  uv: boolean;
  /** The worker outlives its host: nothing happens when that dies. */
  detached: boolean;
  /** The most bytes of memory that may be resident. */
  maxRss?: number;
  /** The most seconds of processor time. */
  maxCpuSeconds?: number;
  /** The most file descriptors. */
  maxOpenFiles?: number;
  /** The scheduling priority. */
  nice?: number;
}

/** How the two sides of a connection talk. Durations are in milliseconds; 0 and Infinity mean none. */
export interface NativeOptions {
  /** The serializer's name. */
  serializer: string;
  /** What ends a frame; without it payloads are binary and frames length-prefixed. */
  terminator?: string;
  /** Payloads are plain JSON: those of a batch come as one JSON array. Without a terminator they are JSON or arrays of parts. */
  json: boolean;
  /** This side takes a context with requests and notifications. */
  context: boolean;
  /** Large parts of payloads may go through shared memory, where the system has it. */
  sharedMemory: boolean;
  /** The message types that this side has handlers for, in the order of their numbers. */
  handlers: Array<string>;
  /** The largest frame in bytes. */
  maxMessageSize: number;
  /** The most bytes that may wait to be written; Infinity: any number. */
  maxPendingBytes: number;
  /** How long a worker may take to start to serve. */
  startupTimeout: number;
  /** How long a worker waits for its host's handshake. */
  serverConnectTimeout: number;
  /** How long a request may take. */
  messageTimeout: number;
  /** The message types with a timeout of their own. */
  timeoutTypes: Array<string>;
  /** Their timeouts, in the same order. */
  timeoutMillis: Array<number>;
}
